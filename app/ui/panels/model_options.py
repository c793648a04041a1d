"""The choice of a model, with what it runs on and its speed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.engine.protocol import ModelInfo
from app.ui.panels.speed_choice import SpeedChoice
from app.ui.support import ComboBox, Fold, theme


class ModelOptions(QWidget):
    """The models there are, the one chosen, what it runs on and how fast; the rest of it folds."""

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
        self.speed = SpeedChoice()
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
        column.addWidget(self.speed)
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
