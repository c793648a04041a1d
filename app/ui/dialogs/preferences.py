"""The preferences dialog, where every choice is put on at once."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.ui.support import ColourButton, ComboBox, NumberSlider, Setting, Settings, check, settings, theme

_THEMES = {"dark": "Dark", "light": "Light", "system": "As the system"}
_PRECISIONS = {
    "auto": "Automatic",
    "fp32": "Exact (fp32)",
    "fp16": "Half (fp16)",
    "bf16": "Half (bf16)",
    "int8": "Eight bits (int8)",
}
_PREVIEWS = {
    "fast": "Quick (TAESDXL where it is installed)",
    "exact": "As the result, slow",
    "fitted": "Coarse, by a fitted map",
}
_STARTS = {"noise": "Pure noise", "published": "The picture, as published"}
_SCALES = (75, 90, 100, 110, 125, 150, 175, 200)


class Preferences(QDialog):
    """Pages at the left, choices at the right; the settings tell the window what has changed."""

    def __init__(self, window: QWidget, store: Settings) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Preferences")
        self._store = store
        self._shown: list[Setting] = []
        self.pages = QListWidget()
        self.pages.setAccessibleName("Pages")
        theme.fix(self.pages, width=140)
        self._stack = QStackedWidget()
        self._build()
        self.pages.currentRowChanged.connect(self._stack.setCurrentIndex)
        self.pages.setCurrentRow(0)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.reset_button = buttons.addButton("&Reset This Page", QDialogButtonBox.ButtonRole.ResetRole)
        self.reset_button.setAutoDefault(False)
        self.reset_button.clicked.connect(self._reset)
        buttons.rejected.connect(self.reject)
        row = QHBoxLayout()
        row.setSpacing(20)
        row.addWidget(self.pages)
        row.addWidget(self._stack, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(16)
        column.addLayout(row, 1)
        column.addWidget(buttons)
        self.resize(theme.px(640), theme.px(420))

    def _build(self) -> None:
        while (page := self._stack.widget(0)) is not None:
            self._stack.removeWidget(page)
            page.deleteLater()
        chosen = max(0, self.pages.currentRow())
        self.pages.clear()
        self._settings_of: list[list[Setting]] = []
        for title, build in (
            ("Look", self._look),
            ("Canvas", self._canvas),
            ("Pen", self._pen),
            ("Erasing", self._erasing),
            ("History", self._history),
            ("Safety", self._safety),
        ):
            self._shown = []
            self._form = QFormLayout()
            self._form.setHorizontalSpacing(16)
            self._form.setVerticalSpacing(12)
            self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
            build()
            page = QWidget()
            box = QVBoxLayout(page)
            box.setContentsMargins(0, 0, 0, 0)
            box.addLayout(self._form)
            box.addStretch(1)
            self._stack.addWidget(page)
            self.pages.addItem(title)
            self._settings_of.append(self._shown)
        self.pages.setCurrentRow(chosen)

    # -- pages -----------------------------------------------------------------------------

    def _look(self) -> None:
        self.theme = self._choice(settings.THEME, "&Theme", list(_THEMES.items()))
        self.scale = ComboBox()
        self.scale.setAccessibleName("Size of text and controls")
        for percent in _SCALES:
            self.scale.addItem(f"{percent} %", percent)
        nearest = min(_SCALES, key=lambda percent: abs(percent - self._store.get(settings.SCALE)))
        self.scale.setCurrentIndex(_SCALES.index(nearest))
        self.scale.activated.connect(lambda: self._store.set(settings.SCALE, self.scale.currentData()))
        self._add(settings.SCALE, "&Size", self.scale)
        self._tell("Text, icons and controls change at once.")

    def _canvas(self) -> None:
        self.overlay_colour = ColourButton("Colour of the mask")
        self.overlay_colour.set_colour(self._store.get(settings.OVERLAY_COLOUR))
        self.overlay_colour.picked.connect(lambda colour: self._store.set(settings.OVERLAY_COLOUR, colour))
        self._add(settings.OVERLAY_COLOUR, "Mask &colour", self.overlay_colour)
        self.opacity = NumberSlider("Opacity of the mask", 0, 100, step=5, suffix=" %")
        self.opacity.set_value(self._store.get(settings.OVERLAY_OPACITY) * 100)
        self.opacity.valueChanged.connect(lambda percent: self._store.set(settings.OVERLAY_OPACITY, percent / 100))
        self._add(settings.OVERLAY_OPACITY, "", self.opacity)

    def _pen(self) -> None:
        self.softness = NumberSlider("Softness of the pen", 0, 100, step=5, suffix=" %")
        self.softness.set_value(self._store.get(settings.PRESSURE_SOFTNESS) * 100)
        self.softness.valueChanged.connect(lambda value: self._store.set(settings.PRESSURE_SOFTNESS, value / 100))
        self._add(settings.PRESSURE_SOFTNESS, "", self.softness)
        self._tell("50 %: even. Lower needs more pressure for the full effect, higher needs less.")
        self._switch(settings.PRESSURE_SIZE, "Pressure changes the &size")
        self._switch(settings.PRESSURE_HARDNESS, "Pressure changes the &hardness")

    def _erasing(self) -> None:
        self.live = self._switch(settings.LIVE, "Erase as soon as a stroke is &let go")
        self.joins = self._switch(settings.LIVE_JOINS, "A stroke painted meanwhile begins the erase &anew with both")
        self._tell("Otherwise it waits for its turn.")
        self.candidates = NumberSlider("Results to choose from", 1, 4)
        self.candidates.set_value(self._store.get(settings.CANDIDATES))
        self.candidates.valueChanged.connect(lambda count: self._store.set(settings.CANDIDATES, round(count)))
        self._add(settings.CANDIDATES, "", self.candidates)
        self._switch(settings.NEW_SEED, "&New seed each time")
        self.precision = self._choice(settings.PRECISION, "&Precision", list(_PRECISIONS.items()))
        self._tell("Lower is quicker where the device can do it, and the result differs slightly.")
        self.start = self._choice(settings.START, "Published models &start from", list(_STARTS.items()))
        self._tell("From the picture, traces of what is erased may come back.")
        self.previews = self._choice(settings.PREVIEWS, "Their pre&views", list(_PREVIEWS.items()))
        self.unload = NumberSlider("Unload the model when idle", 0, 240, step=5, suffix=" min")
        self.unload.set_value(self._store.get(settings.UNLOAD_AFTER))
        self.unload.valueChanged.connect(lambda minutes: self._store.set(settings.UNLOAD_AFTER, round(minutes)))
        self._add(settings.UNLOAD_AFTER, "", self.unload)
        self._tell("0 min: it stays in memory. The next erase loads it again by itself.")

    def _history(self) -> None:
        low, high = settings.HISTORY_BUDGET.low or 0, settings.HISTORY_BUDGET.high or 0
        self.budget = NumberSlider("Memory for undo", low, high, step=50, suffix=" MB", logarithmic=True)
        theme.fix(self.budget.spin, width=104)
        self.budget.set_value(self._store.get(settings.HISTORY_BUDGET))
        self.budget.valueChanged.connect(lambda value: self._store.set(settings.HISTORY_BUDGET, round(value)))
        self._add(settings.HISTORY_BUDGET, "", self.budget)
        self._tell("When the steps take more, the oldest move to the disk, and go when that is full too.")

    def _safety(self) -> None:
        self.autosave = self._switch(settings.AUTOSAVE, "&Keep unsaved work for the case of a crash")
        low, high = settings.AUTOSAVE_SECONDS.low or 0, settings.AUTOSAVE_SECONDS.high or 0
        self.autosave_seconds = NumberSlider("Seconds after a change", low, high, step=5, suffix=" s", logarithmic=True)
        self.autosave_seconds.set_value(self._store.get(settings.AUTOSAVE_SECONDS))
        self.autosave_seconds.valueChanged.connect(
            lambda seconds: self._store.set(settings.AUTOSAVE_SECONDS, round(seconds))
        )
        self._add(settings.AUTOSAVE_SECONDS, "", self.autosave_seconds)
        self._tell(
            "After a crash the next start offers what was not saved. It stays on this computer, and goes as soon "
            "as the picture is saved or closed."
        )

    # -- parts -----------------------------------------------------------------------------

    def _add(self, setting: Setting, label: str, control: QWidget) -> None:
        control.setToolTip(setting.help)
        if label:
            self._form.addRow(label, control)
        else:
            self._form.addRow(control)
        self._shown.append(setting)

    def _tell(self, text: str) -> None:
        note = QLabel(text)
        note.setObjectName("faint")
        note.setWordWrap(True)
        self._form.addRow(note)

    def _choice(self, setting: Setting[str], label: str, choices: list[tuple[str, str]]) -> QComboBox:
        box = ComboBox()
        box.setAccessibleName(label.replace("&", ""))
        for value, text in choices:
            box.addItem(text, value)
        box.setCurrentIndex(box.findData(self._store.get(setting)))
        box.activated.connect(lambda: self._store.set(setting, box.currentData()))
        self._add(setting, label, box)
        return box

    def _switch(self, setting: Setting[bool], label: str) -> QCheckBox:
        box = check(label)
        box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        box.setChecked(self._store.get(setting))
        box.toggled.connect(lambda on: self._store.set(setting, on))
        self._add(setting, "", box)
        return box

    @Slot()
    def _reset(self) -> None:
        for setting in self._settings_of[self.pages.currentRow()]:
            self._store.forget(setting)
        self._build()
