"""The panel at the right: brush, model, how to erase, and the button that does it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.document.brush import MAX_SIZE, MIN_SIZE, Brush
from app.engine.protocol import EraseOptions, ModelInfo
from app.ui import theme
from app.ui.erase_bar import EraseBar
from app.ui.widgets import NumberSlider, Section, WheelGuard

SEED_MAX = 2**31 - 1  # QSpinBox's range
_WIDTH = 288


class OptionsPanel(QWidget):
    """Everything an erase depends on, and the brush."""

    brushEdited = Signal(object)  # Brush
    overlayEdited = Signal(float)  # opacity, 0 to 1
    modelChosen = Signal(str)  # key
    addModelRequested = Signal()
    left = Signal()  # a number was entered, a model chosen: the keyboard may go back to the canvas

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAccessibleName("Options")
        self.setFixedWidth(_WIDTH)
        self._models: tuple[ModelInfo, ...] = ()
        self._brush = Brush(40.0)
        self.erase_bar = EraseBar()

        content = QWidget()
        content.setObjectName("panelContent")
        column = QVBoxLayout(content)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(22)
        column.addWidget(self._brush_section())
        column.addWidget(self._model_section())
        column.addWidget(self._erase_section())
        column.addStretch(1)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(content)
        for number in (self.brush_size, self.hardness, self.overlay, self.steps, self.guidance, self.strength):
            number.entered.connect(self.left)
        WheelGuard(self.model, self.seed)
        self.seed.lineEdit().returnPressed.connect(self.left)
        self.model.activated.connect(self.left)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(area, 1)
        outer.addWidget(self.erase_bar)

    # -- what is chosen --------------------------------------------------------------------

    def options(self) -> EraseOptions:
        """How to erase, as chosen; a new seed first where one is wanted each time."""
        if self.new_seed.isChecked():
            self.roll_seed()
        self.seed.interpretText()
        return EraseOptions(
            steps=round(self.steps.value),
            guidance=self.guidance.value,
            strength=self.strength.value / 100,
            seed=self.seed.value(),
        )

    def set_brush(self, brush: Brush) -> None:
        """Show the canvas's brush."""
        self._brush = brush
        self.brush_size.set_value(brush.size)
        self.hardness.set_value(brush.hardness * 100)

    def set_models(self, models: Sequence[ModelInfo], key: str) -> None:
        """Offer these models, the one called ``key`` chosen."""
        self._models = tuple(models)
        self.model.blockSignals(True)
        self.model.clear()
        for info in self._models:
            self.model.addItem(info.title, info.key)
        self.model.setCurrentIndex(max(0, self.model.findData(key)))
        self.model.blockSignals(False)
        self._show_model(self.model.currentIndex())

    @property
    def model_key(self) -> str:
        """The key of the model chosen, empty where there is none."""
        return str(self.model.currentData() or "")

    def show_device(self, text: str) -> None:
        """Say what the model runs on."""
        self.device.setText(text)

    def set_running(self, running: bool) -> None:
        """While an erase runs the model stays as it is."""
        self.model.setEnabled(not running)
        self.add_model.setEnabled(not running)
        self.erase_bar.set_running(running)

    @Slot()
    def roll_seed(self) -> None:
        """Another seed."""
        self.seed.setValue(random.randrange(SEED_MAX))

    # -- how it is built -------------------------------------------------------------------

    def _brush_section(self) -> Section:
        section = Section("Brush")
        self.brush_size = NumberSlider(
            "Size",
            MIN_SIZE,
            MAX_SIZE,
            suffix=" px",
            logarithmic=True,
            tip="Diameter in pixels of the picture  ([ and ], or Ctrl+wheel)",
        )
        self.hardness = NumberSlider(
            "Hardness", 0, 100, step=5, suffix=" %", tip="100 %: a sharp edge. 0 %: fades from the centre."
        )
        self.brush_size.valueChanged.connect(self._on_brush)
        self.hardness.valueChanged.connect(self._on_brush)
        self.overlay = NumberSlider(
            "Overlay", 0, 100, step=5, suffix=" %", tip="How much of the picture the mask hides"
        )
        self.overlay.valueChanged.connect(lambda percent: self.overlayEdited.emit(percent / 100))
        for number in (self.brush_size, self.hardness, self.overlay):
            section.column.addWidget(number)
        return section

    def _model_section(self) -> Section:
        section = Section("Model")
        self.model = QComboBox()
        self.model.setAccessibleName("Model")
        self.model.setToolTip("The model that fills the hole")
        self.model.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.model.currentIndexChanged.connect(self._on_model)
        self.note = QLabel()
        self.note.setObjectName("faint")
        self.note.setWordWrap(True)
        self.device = QLabel("–")
        self.device.setObjectName("faint")
        self.device.setAccessibleName("Device")
        chip = QLabel()
        chip.setPixmap(theme.pixmap("cpu", 16, "#9a9a9a", self.devicePixelRatioF()))
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(chip)
        row.addWidget(self.device, 1)
        self.add_model = QPushButton(" Add model folder…")
        self.add_model.setToolTip("Use a model that lies in a folder on this computer")
        self.add_model.setIcon(theme.icon("folder-open"))
        self.add_model.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.add_model.clicked.connect(self.addModelRequested)
        section.column.addWidget(self.model)
        section.column.addWidget(self.note)
        section.column.addLayout(row)
        section.column.addWidget(self.add_model)
        return section

    def _erase_section(self) -> Section:
        section = Section("Erase")
        self.steps = NumberSlider(
            "Steps",
            1,
            100,
            tip="More steps take longer and may look better. Below full strength only a part of them is done.",
        )
        self.guidance = NumberSlider(
            "Guidance", 0, 10, decimals=1, step=0.5, tip="How strongly the model follows what it has learned"
        )
        self.strength = NumberSlider(
            "Strength", 1, 100, step=5, suffix=" %", tip="How much of the first draft is painted anew"
        )
        self.seed = QSpinBox()
        self.seed.setRange(0, SEED_MAX)
        self.seed.lineEdit().setTextMargins(6, 0, 6, 0)
        self.seed.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.seed.setAccessibleName("Seed")
        self.seed.setToolTip("The same seed gives the same result again")
        self.seed.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        dice = QToolButton()
        dice.setIcon(theme.icon("dices"))
        dice.setToolTip("Another seed")
        dice.setAccessibleName("Another seed")
        dice.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        dice.clicked.connect(self.roll_seed)
        caption = QLabel("Seed")
        caption.setBuddy(self.seed)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(caption)
        row.addWidget(self.seed, 1)
        row.addWidget(dice)
        self.new_seed = QCheckBox("New seed each time")
        self.new_seed.setChecked(True)
        self.new_seed.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.advanced = QToolButton()
        self.advanced.setObjectName("advanced")
        self.advanced.setText("Advanced")
        self.advanced.setCheckable(True)
        self.advanced.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.advanced.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.advanced.toggled.connect(self._on_advanced)
        for widget in (self.steps, self.guidance):
            section.column.addWidget(widget)
        section.column.addLayout(row)
        section.column.addWidget(self.new_seed)
        section.column.addWidget(self.advanced)
        section.column.addWidget(self.strength)
        self._on_advanced(False)
        return section

    # -- answers ---------------------------------------------------------------------------

    @Slot(bool)
    def _on_advanced(self, on: bool) -> None:
        self.advanced.setIcon(theme.icon("chevron-down" if on else "chevron-right"))
        self.strength.setVisible(on)

    @Slot(float)
    def _on_brush(self, _value: float) -> None:
        self._brush = replace(self._brush, size=self.brush_size.value, hardness=self.hardness.value / 100)
        self.brushEdited.emit(self._brush)

    @Slot(int)
    def _on_model(self, index: int) -> None:
        self._show_model(index)
        if self.model_key:
            self.modelChosen.emit(self.model_key)

    def _show_model(self, index: int) -> None:
        if 0 <= index < len(self._models):
            info = self._models[index]
            self.note.setText(info.note)
            self.note.setVisible(bool(info.note))
            self.steps.set_value(info.steps)
            self.guidance.set_value(info.guidance)
            self.strength.set_value(info.strength * 100)
