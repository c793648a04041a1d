"""The options of an erase: which model, and with which settings."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.engine.protocol import EraseOptions, ModelInfo
from app.ui.support import ComboBox, Fold, NumberSlider, SpinBox, check, theme

SEED_MAX = 2**31 - 1  # QSpinBox's range


class ModelOptions(QWidget):
    """The models there are, the one chosen, and what it runs on; the rest of it folds."""

    modelChosen = Signal(str)  # key
    deviceChosen = Signal(str)  # "auto", "cpu", "cuda" ..

    def __init__(self) -> None:
        super().__init__()
        self._models: tuple[ModelInfo, ...] = ()
        heading = QLabel("Model")
        heading.setObjectName("heading")
        self.model = ComboBox()
        self.model.setAccessibleName("Model")
        self.model.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.model.currentIndexChanged.connect(self._on_model)
        heading.setBuddy(self.model)
        self.note = QLabel()
        self.note.setObjectName("faint")
        self.note.setWordWrap(True)
        self.device = QLabel("–")
        self.device.setObjectName("faint")
        self.device.setAccessibleName("Device")
        self.device.setWordWrap(True)
        chip = QLabel()
        theme.set_mark(chip, "cpu", 16, "ink_faint")
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(chip)
        row.addWidget(self.device, 1)
        self.where = ComboBox()
        self.where.setAccessibleName("Run on")
        self.where.setToolTip("What the model runs on")
        self.where.activated.connect(lambda: self.deviceChosen.emit(str(self.where.currentData())))
        self.where.hide()
        self.add = QPushButton(" Add model folder…")
        self.add.setToolTip("Use a model that lies in a folder on this computer")
        theme.set_icon(self.add, "folder-open")
        self.more = QPushButton(" More models…")
        self.more.setToolTip("Download, import or remove models")
        theme.set_icon(self.more, "sparkles")
        for button in (self.more, self.add):
            theme.fix(button, icon=16)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.others = Fold("Device and other models", inner=True)
        for widget in (self.where, self.more, self.add):
            self.others.column.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(heading)
        column.addWidget(self.model)
        column.addLayout(row)
        column.addWidget(self.note)
        column.addWidget(self.others)

    @property
    def key(self) -> str:
        """The key of the model chosen, empty where there is none."""
        return str(self.model.currentData() or "")

    @property
    def info(self) -> ModelInfo | None:
        """The model chosen."""
        index = self.model.currentIndex()
        return self._models[index] if 0 <= index < len(self._models) else None

    def set_devices(self, devices: Sequence[tuple[str, str]], chosen: str) -> None:
        """Offer these devices, names and titles, where there is a choice or one was made; nobody is told."""
        names = [name for name, _ in devices]
        missing = [] if chosen in (*names, "auto") else [(chosen, f"{chosen.upper()} (not present)")]
        self.where.clear()
        self.where.addItem("Run on the fastest device", "auto")
        for name, title in (*devices, *missing):
            self.where.addItem(f"Run on: {title}", name)
        self.where.setCurrentIndex(self.where.findData(chosen))
        self.where.setVisible(len(names) > 1 or chosen != "auto")

    def set_models(self, models: Sequence[ModelInfo], key: str) -> None:
        """Offer these models, the one called ``key`` chosen; nobody is told."""
        self._models = tuple(models)
        self.model.blockSignals(True)
        self.model.clear()
        for info in self._models:
            self.model.addItem(info.title, info.key)
            self.model.setItemData(self.model.count() - 1, info.title, Qt.ItemDataRole.ToolTipRole)
        self.model.setCurrentIndex(max(0, self.model.findData(key)))
        self.model.blockSignals(False)
        self._show_note()

    @Slot()
    def _on_model(self) -> None:
        self._show_note()
        if self.key:
            self.modelChosen.emit(self.key)

    def _show_note(self) -> None:
        note = self.info.note if self.info is not None else ""
        self.note.setText(note)
        self.note.setVisible(bool(note))
        what = "The model that fills the hole"
        self.model.setToolTip(what if self.info is None else f"{what}: {self.info.title}")


class EraseSettings(Fold):
    """Steps, guidance, seed and how many results."""

    candidatesEdited = Signal(int)
    contextEdited = Signal(str)
    numbersEdited = Signal()  # steps, guidance or strength

    def __init__(self) -> None:
        super().__init__("Erase", unfolded=True)
        self.steps = NumberSlider(
            "Steps",
            1,
            100,
            tip="More steps take longer and may look better. Below full strength only a part of them is done.",
        )
        self.candidates = NumberSlider("Results to choose from", 1, 4, tip="An erase makes so many, one after another")
        self.guidance = NumberSlider(
            "Guidance", 0, 10, decimals=1, step=0.5, tip="How strongly the model follows what it has learned"
        )
        self.strength = NumberSlider(
            "Strength", 1, 100, step=5, suffix=" %", tip="How much of the first draft is painted anew"
        )
        self.seed = SpinBox()
        self.seed.setRange(0, SEED_MAX)
        self.seed.lineEdit().setTextMargins(6, 0, 6, 0)
        self.seed.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.seed.setAccessibleName("Seed")
        self.seed.setToolTip("The same seed gives the same result again")
        self.seed.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        dice = QToolButton()
        theme.set_icon(dice, "dices")
        theme.fix(dice, icon=16)
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
        self.new_seed = check("New seed each time", "Every erase gives another result")
        self.new_seed.setChecked(True)
        self.context = ComboBox()
        self.context.setAccessibleName("Working size")
        self.context.setToolTip("Smaller is faster, and the model sees less around the hole")
        for side, title in (("full", "Full"), ("384", "384 px, faster"), ("256", "256 px, fastest")):
            self.context.addItem(title, side)
        self.context.activated.connect(lambda: self.contextEdited.emit(self.context.currentData()))
        working = QLabel("Working size")
        working.setBuddy(self.context)
        self._working = (working, self.context)
        sizes = QHBoxLayout()
        sizes.setSpacing(8)
        sizes.addWidget(working)
        sizes.addWidget(self.context, 1)
        self.advanced = Fold("Advanced", inner=True)
        for widget in (self.guidance, self.strength):
            self.advanced.column.addWidget(widget)
        self.advanced.column.addLayout(sizes)
        self.advanced.column.addLayout(row)
        self.advanced.column.addWidget(self.new_seed)
        for part in (self.steps, self.candidates, self.advanced):
            self.column.addWidget(part)
        for number in (self.steps, self.guidance, self.strength):
            number.valueChanged.connect(self.numbersEdited)
        self.candidates.valueChanged.connect(lambda count: self.candidatesEdited.emit(round(count)))

    def hide_unused(self, unused: Collection[str]) -> None:
        """Leave out the options of these names, which change nothing with the model chosen."""
        parts: dict[str, tuple[QWidget, ...]] = {
            "steps": (self.steps,),
            "guidance": (self.guidance,),
            "strength": (self.strength,),
            "context": self._working,
        }
        for name, widgets in parts.items():
            for widget in widgets:
                widget.setVisible(name not in unused)

    def numbers(self) -> tuple[NumberSlider, ...]:
        """The numbers that can be entered."""
        return self.steps, self.candidates, self.guidance, self.strength

    def options(self, another: bool = False) -> EraseOptions:
        """How to erase, as chosen; a new seed first where one is wanted each time, or ``another``."""
        if another or self.new_seed.isChecked():
            self.roll_seed()
        self.seed.interpretText()
        return EraseOptions(
            steps=round(self.steps.value),
            guidance=self.guidance.value,
            strength=self.strength.value / 100,
            seed=self.seed.value(),
            context=None if self.context.currentData() == "full" else int(self.context.currentData()),
        )

    def show_numbers(self, steps: float, guidance: float, strength: float) -> None:
        """Show steps, guidance and strength (0 to 1) without telling anybody."""
        self.steps.set_value(steps)
        self.guidance.set_value(guidance)
        self.strength.set_value(strength * 100)

    @Slot()
    def roll_seed(self) -> None:
        """Another seed."""
        self.seed.setValue(random.randrange(SEED_MAX))
