"""The commands of the File menu: ask, then have the workspace read or write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from app.document.formats import LAYERED, SAVE_FORMATS, lost_by_saving
from app.document.pixels import Pixels
from app.document.session import SUFFIX
from app.ui.commands import Actions
from app.ui.dialogs import ExportDialog, Losses, Unsaved, questions
from app.ui.editing import Opened, Workspace, format_of
from app.ui.files.recent_files import RecentFiles
from app.ui.support import Background, Settings, settings


class FileMenu(QObject):
    """Opening, saving, exporting, and asking before unsaved work is lost."""

    readingBegun = Signal()
    documentTaken = Signal(object)  # Opened

    def __init__(
        self,
        window: QWidget,
        actions: Actions,
        workspace: Workspace,
        store: Settings,
        background: Background,
        settle: Callable[[], None],
        before: Callable[[], Pixels | None],
    ) -> None:
        """``settle`` brings the document to what is seen, before it is written or left.

        ``before`` copies the picture as it was opened, on any thread; None where it has not changed.
        """
        super().__init__(window)
        self.settle, self._before = settle, before
        self._sizes = Background(self)  # of files that are not written yet: nobody waits for those
        self._window, self._actions, self._workspace, self._settings = window, actions, workspace, store
        self._agreed: object = None  # what the user agreed that the document's file will lack
        self._given_up = 0  # pixel version the user agreed to lose
        actions.open.triggered.connect(self.open)
        actions.save.triggered.connect(self.save)
        actions.save_as.triggered.connect(self.save_as)
        actions.save_session.triggered.connect(self.save_session)
        actions.save_session_as.triggered.connect(self.save_session_as)
        actions.export.triggered.connect(self.export)
        workspace.opened.connect(self._on_opened)
        workspace.fileChanged.connect(self._on_file)
        self.recent = RecentFiles(self, actions, store, background, lambda path: self.open_path(Path(path)))

    @Slot()
    def open(self) -> None:
        """Ask which picture, and open it."""

        def ask() -> None:
            path = questions.ask_open(self._window, self._folder())
            if path is not None:
                self._read(path, False)

        self.unless_unsaved(ask)

    def open_path(self, path: Path, *, sample: bool = False) -> None:
        """Open a picture that is known already."""
        self.unless_unsaved(lambda: self._read(path, sample))

    def open_data(self, data: Callable[[], bytes], name: str) -> None:
        """Open the picture file whose bytes ``data`` answers, off the main thread; it has no file of its own."""

        def read() -> None:
            self.readingBegun.emit()
            self._workspace.open_data(data, name)

        self.unless_unsaved(read)

    @Slot()
    def save(self) -> None:
        """Write to the file the picture came from; ask where it has none."""
        self.settle()
        self._save(None)

    @Slot()
    def save_as(self) -> None:
        """Ask where to, and write there from now on."""
        self.settle()
        self._save_as(None)

    @Slot()
    def save_session(self) -> None:
        """Write picture, mask and history to the session's file; ask where there is none."""
        self.settle()
        self._save_session(None)

    @Slot()
    def save_session_as(self) -> None:
        """Ask where to, and write the session there from now on."""
        self.settle()
        self._save_session_as(None)

    @Slot()
    def export(self) -> None:
        """Ask how and where to, and write a copy."""
        if self._workspace.document is None:
            return
        self.settle()
        store, picture = self._settings, self._workspace.document.picture
        format, quality = store.get(settings.EXPORT_FORMAT), store.get(settings.EXPORT_QUALITY)
        dialog = ExportDialog(self._window, picture, self._sizes, format, quality)
        accepted, chosen, quality = dialog.exec(), dialog.chosen, dialog.quality_chosen
        dialog.deleteLater()
        if not accepted:
            return
        ending = "-before-after" if chosen.both else "-erased"
        suggestion = self._suggestion()
        suffix = LAYERED[chosen.format] if chosen.layers else SAVE_FORMATS[chosen.format][0]
        suggestion = suggestion.with_name(f"{suggestion.stem}{ending}{suffix}")
        if chosen.layers:
            path = questions.ask_save_layers(self._window, suggestion, chosen.format)
        else:
            path = questions.ask_save(self._window, "Export", suggestion, chosen.format)
        if path is not None:
            if not chosen.layers:
                store.set(settings.EXPORT_FORMAT, chosen.format)
            store.set(settings.EXPORT_QUALITY, quality)
            store.set(settings.LAST_FOLDER, str(path.parent))
            self._workspace.export(path, chosen, self._before)

    def unless_unsaved(self, then: Callable[[], None]) -> bool:
        """Call ``then``; with unsaved work only once that is saved or given up. False where not at once."""
        self.settle()
        history = self._workspace.history
        if history.unsaved:
            answer = questions.ask_unsaved(self._window, self._workspace.name, self._workspace.session is not None)
            if answer is Unsaved.SAVE:
                self._save(then)
            if answer is Unsaved.SESSION:
                self._save_session(then)
            if answer is not Unsaved.DISCARD:
                return False
        self._given_up = history.pixel_version
        then()
        return True

    def _save(self, then: Callable[[], None] | None) -> None:
        document = self._workspace.document
        if self._workspace.session is not None:
            self._save_session(then)
            return
        picture = document.picture if document is not None else None
        path = picture.path if picture is not None else None
        if path is None or picture is None or picture.format == "RAW" or format_of(path) is None:
            self._save_as(then)
        elif not self._workspace.history.unsaved:
            self._workspace.save(path, then)  # which leaves the file as it is
        else:
            self._write(path, then)

    def _write(self, path: Path, then: Callable[[], None] | None) -> None:
        """Save to ``path``, once the user agrees to what the file will lack."""
        document = self._workspace.document
        assert document is not None
        format = format_of(path) or document.picture.format
        lost = tuple(lost_by_saving(document.picture, path.name, format))
        agreed = (id(document), format, lost)
        if lost and agreed != self._agreed:
            answer = questions.ask_losses(self._window, path.name, lost)
            if answer is Losses.OTHER:
                self._save_as(then)
            if answer is not Losses.SAVE:
                return
            self._agreed = agreed
        self._workspace.save(path, then)

    def _save_as(self, then: Callable[[], None] | None) -> None:
        if self._workspace.document is None:
            return
        path = questions.ask_save(self._window, "Save As", self._suggestion())
        if path is not None:
            self._settings.set(settings.LAST_FOLDER, str(path.parent))
            self._write(path, then)

    def _save_session(self, then: Callable[[], None] | None) -> None:
        if self._workspace.session is None:
            self._save_session_as(then)
        else:
            self._workspace.save_session(self._workspace.session, then)

    def _save_session_as(self, then: Callable[[], None] | None) -> None:
        if self._workspace.document is None:
            return
        path = questions.ask_save_session(self._window, self._suggestion().with_suffix(SUFFIX))
        if path is not None:
            self._settings.set(settings.LAST_FOLDER, str(path.parent))
            self._workspace.save_session(path, then)

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
            path = document.picture.path
            if document.picture.format == "RAW":
                return path.with_name(f"{path.stem}-developed.tif")
            ending = ".png" if document.picture.format == "GIF" else ".jpg"
            return path if format_of(path) is not None else path.with_suffix(ending)
        if self._workspace.session is not None:
            return self._workspace.session.with_name(self._workspace.picture_name)
        name = self._workspace.name
        return Path(self._folder()) / (name if Path(name).suffix else f"{name}.png")

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
        if self._workspace.path is not None:
            self.recent.add(self._workspace.path)
