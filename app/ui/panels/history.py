"""The history panel: the steps done so far, each with a thumbnail of what it changed; a click goes there."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QBrush, QColor, QIcon, QPixmap, QShowEvent
from PySide6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.document.pixels import Box
from app.ui.editing import Workspace
from app.ui.support import Background, Settings, draw_sample, sample, settings, theme

_SIZE = QSize(48, 36)  # px of the design
_FIRST = "Opened"


class HistoryPanel(QWidget):
    """A list of every step: what can be undone above, what can be redone fainter below."""

    chosen = Signal(int)  # steps that are to be done

    def __init__(self, workspace: Workspace, store: Settings, background: Background) -> None:
        super().__init__()
        self.setObjectName("panelContent")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._workspace, self._settings, self._background = workspace, store, background
        self._rows: list[object] = []  # the document, then its steps
        self._pictures: dict[object, QPixmap] = {}  # by the same
        self._stale = False
        self.list = QListWidget()
        self.list.setObjectName("history")
        self.list.setAccessibleName("History")
        self.list.setAccessibleDescription("Choose a step to go back or forward to it.")
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.setUniformItemSizes(True)
        self.list.itemClicked.connect(self._on_item)
        self.list.itemActivated.connect(self._on_item)
        self.setFocusProxy(self.list)
        self.empty = QLabel("What you paint and erase is listed here. Choose a step to go back to it.")
        self.empty.setObjectName("faint")
        self.empty.setWordWrap(True)
        self.memory = QLabel()
        self.memory.setObjectName("faint")
        self.memory.setAccessibleName("Memory of the history")
        for label in (self.empty, self.memory):
            label.setIndent(4)  # as far in as the list's pictures
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 10, 8)
        column.addWidget(self.empty)
        column.addWidget(self.list, 1)
        column.addWidget(self.memory)
        workspace.history.indexChanged.connect(self._on_history)
        workspace.history.memoryChanged.connect(self._show_memory)
        workspace.taken.connect(self._on_document)
        store.changed.connect(self._on_setting)
        self._show_rows()

    def renew(self) -> None:
        """Show everything anew: the theme or the scale is another."""
        self._rows = []
        self.list.clear()
        self._show_rows()

    def showEvent(self, event: QShowEvent) -> None:
        if self._stale:
            self._show_rows()
        super().showEvent(event)

    # -- rows ------------------------------------------------------------------------------

    @Slot()
    def _on_history(self) -> None:
        history, document = self._workspace.history, self._workspace.document
        index = history.index()
        if document is not None and index:
            step = history.command(index - 1)
            if step not in self._pictures:
                self._draw(step, step.box)  # now, while it is the last thing done
        if self.isVisible():
            self._show_rows()
        else:
            self._stale = True  # painting does not wait for a list nobody sees

    @Slot()
    def _on_document(self) -> None:
        document = self._workspace.document
        self._pictures.clear()
        if document is not None:
            self._draw(document, (0, 0, *document.size))
        self._on_history()

    def _show_rows(self) -> None:
        self._stale = False
        history, document = self._workspace.history, self._workspace.document
        wanted: list[object] = [history.command(number) for number in range(history.count())]
        wanted = [document, *wanted] if document is not None else []
        same = 0
        while same < min(len(wanted), len(self._rows)) and wanted[same] is self._rows[same]:
            same += 1
        while self.list.count() > same:
            self.list.takeItem(self.list.count() - 1)
        self.list.setIconSize(QSize(theme.px(_SIZE.width()), theme.px(_SIZE.height())))
        for number in range(same, len(wanted)):
            item = QListWidgetItem(history.text(number - 1) if number else _FIRST)
            item.setIcon(QIcon(self._pictures.get(wanted[number]) or self._blank()))
            self.list.addItem(item)
        self._rows = wanted
        kept = set(map(id, wanted))
        self._pictures = {row: picture for row, picture in self._pictures.items() if id(row) in kept}
        self._mark()
        self.empty.setVisible(history.count() == 0)
        self.list.setVisible(history.count() > 0)
        self._show_memory()

    def _mark(self) -> None:
        index = self._workspace.history.index()
        faint = QBrush(QColor(theme.colour("ink_disabled")))
        for number in range(self.list.count()):
            item = self.list.item(number)
            item.setForeground(faint if number > index else QBrush())
            tip = "Undone: choose it to do it again" if number > index else "Choose it to go back here"
            item.setToolTip("This is where you are" if number == index else tip)
        self.list.setCurrentRow(index if self._rows else -1)

    @Slot()
    def _show_memory(self) -> None:
        history = self._workspace.history
        budget = self._settings.get(settings.HISTORY_BUDGET)
        text = f"{history.nbytes / 1e6:.1f} of {budget} MB used"
        if history.disk_nbytes:
            text += f", {history.disk_nbytes / 1e6:.0f} MB on disk"
        self.memory.setText(text)
        self.memory.setVisible(history.count() > 0)

    # -- pictures --------------------------------------------------------------------------

    def _blank(self) -> QPixmap:
        blank = QPixmap(theme.px(_SIZE.width()), theme.px(_SIZE.height()))
        blank.fill(QColor(theme.colour("card")))
        return blank

    def _draw(self, row: object, box: Box) -> None:
        document = self._workspace.document
        assert document is not None
        ratio = self.devicePixelRatioF()
        width, height = round(theme.px(_SIZE.width()) * ratio), round(theme.px(_SIZE.height()) * ratio)
        part = sample(document, box, _SIZE.width() / _SIZE.height())
        ink = QColor(self._settings.get(settings.OVERLAY_COLOUR))
        overlay = (ink.red(), ink.green(), ink.blue())
        self._pictures[row] = self._blank()

        def drawn(picture: QPixmap) -> None:
            if row in self._pictures:
                picture.setDevicePixelRatio(ratio)
                self._pictures[row] = picture
                if row in self._rows:
                    self.list.item(self._rows.index(row)).setIcon(QIcon(picture))

        self._background.run(
            lambda: draw_sample(part, width, height, overlay),
            lambda image: drawn(QPixmap.fromImage(image)),
            lambda _error: None,
        )

    @Slot(QListWidgetItem)
    def _on_item(self, item: QListWidgetItem) -> None:
        self.chosen.emit(self.list.row(item))

    @Slot(str)
    def _on_setting(self, key: str) -> None:
        if key == settings.HISTORY_BUDGET.key:
            self._show_memory()
