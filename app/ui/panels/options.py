"""The panel at the right: navigator, options, history, and the button that erases."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QScrollArea, QTabWidget, QVBoxLayout, QWidget

from app.ui.commands import Actions
from app.ui.panels.erase_bar import EraseBar
from app.ui.panels.erase_settings import EraseSettings
from app.ui.panels.model_options import ModelOptions
from app.ui.panels.remembered_choices import RememberedChoices
from app.ui.panels.speed_choice import CUSTOM
from app.ui.panels.tool_options import MaskOptions, ToolOptions
from app.ui.support import Fold, Settings, settings, theme

_WIDTH = 288  # px of the design


class OptionsPanel(QWidget):
    """Puts the parts together and remembers which are folded."""

    becameFree = Signal()  # no erase runs any more: another model may be chosen
    choiceChanged = Signal()  # another speed was chosen for the model, or other numbers
    left = Signal()  # a number was entered, a model chosen: the keyboard may go back to the canvas

    def __init__(self, store: Settings, actions: Actions, navigator: QWidget, history: QWidget) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName("Panel")
        theme.fix(self, width=_WIDTH)
        self._settings, self._remembered = store, RememberedChoices(store)
        self.tool, self.overlay, self.model, self.erase = ToolOptions(), MaskOptions(), ModelOptions(), EraseSettings()
        self.navigator = Fold("Navigator")
        self.navigator.column.addWidget(navigator)
        self.navigator.setContentsMargins(16, 10, 16, 10)
        self.erase_bar = EraseBar(actions)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self._options(), "Options")
        self.tabs.addTab(history, "History")
        self.tabs.tabBar().setAccessibleName("Pages of the panel")
        self.tabs.tabBar().setExpanding(True)
        self.tabs.tabBar().setDrawBase(False)
        self._pages = (actions.options, actions.history)
        for action in self._pages:
            action.changed.connect(self._tell_keys)
        self._tell_keys()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.navigator)
        outer.addWidget(self.tabs, 1)
        outer.addWidget(self.erase_bar)
        self._folds = {
            "Navigator": self.navigator,
            "Brush": self.tool,
            "Stroke": self.tool.stroke,
            "Mask": self.overlay,
            "Model": self.model.others,
            "Erase": self.erase,
            "Advanced": self.erase.advanced,
        }
        unfolded = store.get(settings.UNFOLDED)
        for name, fold in self._folds.items():
            fold.set_unfolded(name in unfolded)
            fold.heading.toggled.connect(self._remember_folds)
        for number in (*self.tool.numbers(), self.overlay.opacity, *self.erase.numbers()):
            number.entered.connect(self.left)
        self.erase.seed.lineEdit().returnPressed.connect(self.left)
        self.model.model.activated.connect(self.left)
        self.model.modelChosen.connect(self.show_defaults)
        self.erase.numbersEdited.connect(self._on_numbers)
        self.model.speed.chosen.connect(self._on_speed)
        self.tabs.setCurrentIndex(store.get(settings.PANEL_TAB))
        self.tabs.currentChanged.connect(lambda index: store.set(settings.PANEL_TAB, index))

    @Slot()
    def _tell_keys(self) -> None:
        for index, action in enumerate(self._pages):
            self.tabs.setTabToolTip(index, action.toolTip())

    def set_running(self, running: bool) -> None:
        """While an erase runs the model stays as it is."""
        self.model.model.setEnabled(not running)
        self.model.add.setEnabled(not running)
        self.model.speed.setEnabled(not running)
        if not running:
            self.becameFree.emit()

    @Slot()
    def show_defaults(self) -> None:
        """Begin with what was chosen for this model before, else with what it does best with."""
        info = self.model.info
        if info is not None:
            speed, choice = self._remembered.of(info)
            self.erase.show_choice(choice)
            self.erase.hide_unused(info.unused)
            self.model.speed.offer([name for name, _ in info.speeds], speed)

    @Slot(str)
    def _on_speed(self, name: str) -> None:
        """A preset was chosen: its numbers are shown."""
        info = self.model.info
        if info is not None and name in dict(info.speeds):
            self.erase.show_choice(dict(info.speeds)[name])
            self._on_numbers()

    @Slot()
    def _on_numbers(self) -> None:
        info = self.model.info
        if info is not None:
            choice = self.erase.choice()
            self._remembered.keep(info, choice)
            self.model.speed.offer([name for name, _ in info.speeds], info.speed_of(choice) or CUSTOM)
            self.choiceChanged.emit()

    def take_focus(self) -> None:
        """Move the keyboard to the page shown."""
        if self.tabs.currentIndex():
            self.tabs.currentWidget().setFocus()
        else:
            self.tool.first().setFocus()

    def show_page(self, index: int) -> None:
        """Go to the options (0) or the history (1)."""
        self.tabs.setCurrentIndex(index)

    def _options(self) -> QScrollArea:
        content = QWidget()
        content.setObjectName("panelContent")
        column = QVBoxLayout(content)
        column.setContentsMargins(16, 12, 16, 14)
        column.setSpacing(14)
        for section in (self.model, self.tool, self.overlay, self.erase):
            column.addWidget(section)
        column.addStretch(1)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(content)
        return area

    @Slot()
    def _remember_folds(self) -> None:
        self._settings.set(settings.UNFOLDED, [name for name, fold in self._folds.items() if fold.unfolded])
