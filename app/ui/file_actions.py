"""What the File menu does: asks, then has the workspace read or write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from app.document.formats import SAVE_FORMATS
from app.ui import dialogs, settings
from app.ui.actions import Actions
from app.ui.dialogs import Unsaved
from app.ui.export_dialog import ExportDialog
from app.ui.settings import Settings
from app.ui.workspace import Opened, Workspace, format_of

_RECENT = 10


class FileActions(QObject):
    """Opening, saving, exporting, and asking before unsaved work is lost."""

    readingBegun = Signal()
    documentTaken = Signal(object)  # Opened

    def __init__(
        self,
        window: QWidget,
        actions: Actions,
        workspace: Workspace,
        store: Settings,
        settle: Callable[[], None] = lambda: None,
    ) -> None:
        """``settle`` brings the document to what is seen, before it is written or left."""
        super().__init__(window)
        self._settle = settle
        self._window, self._actions, self._workspace, self._settings = window, actions, workspace, store
        self._given_up = 0  # pixel version the user agreed to lose
        actions.open.triggered.connect(self.open)
        actions.save.triggered.connect(self.save)
        actions.save_as.triggered.connect(self.save_as)
        actions.export.triggered.connect(self.export)
        workspace.opened.connect(self._on_opened)
        workspace.fileChanged.connect(self._on_file)
        self._show_recent()

    @Slot()
    def open(self) -> None:
        """Ask which picture, and open it."""

        def ask() -> None:
            path = dialogs.ask_open(self._window, self._folder())
            if path is not None:
                self._read(path, False)

        self.unless_unsaved(ask)

    def open_path(self, path: Path, *, sample: bool = False) -> None:
        """Open a picture that is known already."""
        self.unless_unsaved(lambda: self._read(path, sample))

    @Slot()
    def save(self) -> None:
        """Write to the file the picture came from; ask where it has none."""
        self._settle()
        self._save(None)

    @Slot()
    def save_as(self) -> None:
        """Ask where to, and write there from now on."""
        self._settle()
        self._save_as(None)

    @Slot()
    def export(self) -> None:
        """Ask how and where to, and write a copy."""
        if self._workspace.document is None:
            return
        self._settle()
        store = self._settings
        dialog = ExportDialog(self._window, store.get(settings.EXPORT_FORMAT), store.get(settings.EXPORT_QUALITY))
        accepted, name, quality = dialog.exec(), dialog.format_name, dialog.quality_chosen
        dialog.deleteLater()
        if not accepted:
            return
        suffix = SAVE_FORMATS[name][0]
        suggestion = self._suggestion()
        suggestion = suggestion.with_name(f"{suggestion.stem}-erased{suffix}")
        path = dialogs.ask_save(self._window, "Export", suggestion, name)
        if path is not None:
            store.set(settings.EXPORT_FORMAT, name)
            store.set(settings.EXPORT_QUALITY, quality)
            store.set(settings.LAST_FOLDER, str(path.parent))
            self._workspace.export(path, quality)

    def unless_unsaved(self, then: Callable[[], None]) -> bool:
        """Call ``then``; with unsaved work only once that is saved or given up. False where not at once."""
        self._settle()
        history = self._workspace.history
        if history.unsaved:
            answer = dialogs.ask_unsaved(self._window, self._workspace.name)
            if answer is Unsaved.SAVE:
                self._save(then)
            if answer is not Unsaved.DISCARD:
                return False
        self._given_up = history.pixel_version
        then()
        return True

    def _save(self, then: Callable[[], None] | None) -> None:
        document = self._workspace.document
        path = document.picture.path if document is not None else None
        if path is None or format_of(path) is None:
            self._save_as(then)
        else:
            self._workspace.save(path, then)

    def _save_as(self, then: Callable[[], None] | None) -> None:
        if self._workspace.document is None:
            return
        path = dialogs.ask_save(self._window, "Save As", self._suggestion())
        if path is not None:
            self._settings.set(settings.LAST_FOLDER, str(path.parent))
            self._workspace.save(path, then)

    def _read(self, path: Path, sample: bool) -> None:
        if not sample:
            self._settings.set(settings.LAST_FOLDER, str(path.parent))
        self.readingBegun.emit()
        self._workspace.open(path, sample=sample)

    def _folder(self) -> str:
        return self._settings.get(settings.LAST_FOLDER) or str(Path.home())

    def _suggestion(self) -> Path:
        document = self._workspace.document
        if document is not None and document.picture.path is not None:
            return document.picture.path
        return Path(self._folder()) / self._workspace.name

    @Slot(object)
    def _on_opened(self, opened: Opened) -> None:
        history = self._workspace.history
        if history.pixel_version == self._given_up:
            self._take(opened)
        else:  # an erase has ended while the file was read
            self.unless_unsaved(lambda: self._take(opened))

    def _take(self, opened: Opened) -> None:
        self._workspace.take(opened)
        self.documentTaken.emit(opened)

    @Slot()
    def _on_file(self) -> None:
        document = self._workspace.document
        if document is not None and document.picture.path is not None:
            path = str(document.picture.path.absolute())
            others = [other for other in self._settings.get(settings.RECENT_FILES) if other != path]
            self._settings.set(settings.RECENT_FILES, [path, *others][:_RECENT])
            self._show_recent()

    def _show_recent(self) -> None:
        self._actions.show_recent(
            self._settings.get(settings.RECENT_FILES),
            lambda path: self.open_path(Path(path)),
            self._clear_recent,
        )

    def _clear_recent(self) -> None:
        self._settings.forget(settings.RECENT_FILES)
        self._show_recent()
