"""The workspace: the open document, its history and its file; opening, saving, exporting."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from app.canvas.drawing import Pyramid, srgb_converter
from app.document.editing import Document
from app.document.errors import DocumentError
from app.document.formats import (
    SAVE_FORMATS,
    Export,
    read_picture,
    read_picture_data,
    write_picture,
)
from app.document.pixels import Picture, Pixels
from app.document.session import Loaded, Snapshot, UnsavedSession, is_session, open_session
from app.ui.editing.exclusive_access import Prepare, at_once
from app.ui.editing.session_writer import Cancelled, SessionWriter, Source, unsaved_folder
from app.ui.editing.undo_history import History, Refresh
from app.ui.support import Background, Messages
from app.version import program_version

_NOWHERE = -1  # a version and a place that no history has


@dataclass(frozen=True)
class Opened:
    """A document just opened, with what is shown of it first made off the main thread."""

    document: Document
    pixels: Pyramid
    source: Source | None = None  # of a picture that was read from a file
    loaded: Loaded | None = None  # of a session
    session: Path | None = None  # its file, where it has one
    unsaved: bool = False  # it was not saved when a program ended
    pasted: bool = False  # it never was a file


def format_of(path: Path) -> str | None:
    """Pillow's name of the format that a file name's ending means, None where it means none."""
    suffix = path.suffix.lower()
    return next((name for name, suffixes in SAVE_FORMATS.items() if suffix in suffixes), None)


def prepared(document: Document) -> Pyramid:
    """The document's pixels to show: what is seen first is made; the canvas asks for the rest where it is looked at."""
    pixels = Pyramid(document.pixels, see=srgb_converter(document.picture))
    pixels.prepare()
    return pixels


class Workspace(QObject):
    """One document at a time. Files are read and written in the background."""

    opened = Signal(object)  # Opened, before it takes the place of the document
    taken = Signal()  # another document is there
    begun = Signal()  # and its history
    written = Signal(object)  # Path, by save or export
    writingFailed = Signal()  # a message says why
    fileChanged = Signal()  # the document has another name or path
    sessionSavingChanged = Signal()
    activityChanged = Signal(str)  # what is being read or written, "" when nothing

    def __init__(self, background: Background, messages: Messages, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document: Document | None = None
        self.history = History(self, background.run)
        self.history.failed.connect(messages.error)
        self.session: Path | None = None  # the document's file, where that is a session
        self._picture_name = ""
        self._saved_place = 0  # in the history, of what the document's file holds
        self._session_saving: Path | None = None
        self.refresh: Refresh = lambda _: None  # shows boxes of the document that have changed
        self.picture_settings: Callable[[], Mapping[str, Any]] = dict  # what to keep with a picture
        self.session_writer = SessionWriter(self)
        self.session_writer.progressed.connect(self._show_progress)
        self._background, self._messages = background, messages
        self._name = ""
        self._opening = 0  # number of the newest request; older answers are dropped
        self._saves = 0  # under way
        self.prepare: Prepare = at_once  # until somebody can do it better

    @property
    def name(self) -> str:
        """What to call the document."""
        return self.path.name if self.path is not None else self._name

    @property
    def path(self) -> Path | None:
        """The document's file, a picture or a session; None where it has none."""
        return self.session or (self.document.picture.path if self.document is not None else None)

    @property
    def modified(self) -> bool:
        """Whether a crash would lose something: steps that the document's file does not hold, of the mask too."""
        return self.history.place != self._saved_place

    @property
    def picture_name(self) -> str:
        """The picture's own name, also in a session's file."""
        return self._picture_name

    @property
    def saving(self) -> bool:
        """Whether a file is being written."""
        return self._saves > 0

    def open(self, path: Path, *, sample: bool = False) -> None:
        """Read ``path``; ``opened`` follows, or a message. A sample is never written back to its file."""
        self._opening += 1
        number = self._opening
        self.activityChanged.emit(f"Opening {path.name}…")

        def read() -> Opened:
            if is_session(path):
                loaded = open_session(path, unsaved_folder(), program_version())
                return Opened(loaded.document, prepared(loaded.document), None, loaded, path)
            source = Source.of(path)
            picture = read_picture(path)
            if sample:
                picture.path = None
            document = Document(picture)
            return Opened(document, prepared(document), source)

        self._read(f"{path.name} could not be opened.", path.name, number, read)

    def restore(self, lost: UnsavedSession) -> None:
        """Open a picture that was not saved when a program ended; ``opened`` follows, or a message."""
        self._opening += 1
        state = lost.state
        name = Path(state.session or state.path or state.name).name
        self.activityChanged.emit(f"Restoring {name}…")

        def read() -> Opened:
            loaded = lost.restore(program_version())
            if state.path:
                loaded.document.picture.path = Path(state.path)
            session = Path(state.session) if state.session else None
            return Opened(loaded.document, prepared(loaded.document), None, loaded, session, True)

        self._read(f"{name} could not be restored; it is kept.", name, self._opening, read)

    def open_data(self, data: Callable[[], bytes], name: str) -> None:
        """Read the picture file that ``data`` answers, off the main thread; ``opened`` follows, or a message."""
        self._opening += 1
        self.activityChanged.emit(f"Opening {name}…")

        def read() -> Opened:
            document = Document(read_picture_data(data(), name))
            return Opened(document, prepared(document), pasted=True)

        self._read(f"{name} could not be opened.", name, self._opening, read)

    def _read(self, sentence: str, name: str, number: int, read: Callable[[], Opened]) -> None:
        def done(opened: Opened) -> None:
            if number == self._opening:
                self.activityChanged.emit("")
                self._name = name
                self.opened.emit(opened)

        def failed(error: Exception) -> None:
            if number == self._opening:
                self.activityChanged.emit("")
                self._report(sentence, error)

        self._background.run(read, done, failed)

    def take(self, opened: Opened) -> None:
        """Put an opened document in the place of the one before."""
        self.document = document = opened.document
        self.session = opened.session
        self.history.start_over()
        self.taken.emit()
        if opened.loaded is None:
            self._picture_name = self.name
            self._saved_place = self.history.place
            if opened.pasted:
                self.history.saved_version = self._saved_place = _NOWHERE
            self.session_writer.begin(document, opened.source, self.snapshot())
        else:
            self._picture_name = opened.loaded.state.name
            self._take_history(opened, opened.loaded)
        self.begun.emit()
        self.fileChanged.emit()

    def _take_history(self, opened: Opened, loaded: Loaded) -> None:
        history = self.history
        steps = history.restore(loaded.edits, loaded.state.done, opened.document, self.refresh)
        self._saved_place = history.place
        if opened.unsaved:
            history.saved_version = self._saved_place = _NOWHERE
        history.session_place = self._saved_place if opened.session is not None else None
        self.session_writer.resume(loaded, steps, self.snapshot())

    def with_copy(self, name: str, use: Callable[[Picture], None], failed: Callable[[Exception], None]) -> bool:
        """Copy the picture as it is now, off the main thread where it is large, and hand the copy to ``use``.

        ``name`` is what to call that. False where there is no picture.
        """
        document = self.document
        if document is not None:
            self.prepare(document, name, document.picture.copy, use, failed)
        return document is not None

    def save(self, path: Path, then: Callable[[], None] | None = None) -> None:
        """Write the picture to ``path``, its own file from now on; ``then`` is called if that went well."""
        document = self.document
        if document is None:
            return
        version, place = self.history.pixel_version, self.history.place
        format = format_of(path) or document.picture.format

        def done() -> None:
            if self.document is document:
                document.picture.path = path
                document.picture.format = format
                self.session = self.history.session_place = None
                self.history.saved_version, self._saved_place = version, place
                self.fileChanged.emit()
            if then is not None:
                then()

        untouched = not self.history.unsaved and path == document.picture.path

        def write_file(picture: Picture) -> None:
            if untouched and path.is_file():  # written anew it would lose what no program keeps
                self._messages.info(f"{path.name} is left as it is: nothing was erased since it was opened or saved.")
            else:
                write_picture(picture, path)

        def write(picture: Picture) -> None:
            self._write(path, lambda: write_file(picture), done)

        self.with_copy(f"Saving {path.name}", write, self._not_written(path))

    def export(self, path: Path, export: Export, before: Callable[[], Pixels | None] = lambda: None) -> None:
        """Write a copy to ``path``; the document keeps its own file. ``before`` copies the picture as it was."""
        document = self.document
        if document is None:
            return

        def copy() -> tuple[Picture, Pixels | None]:
            return document.picture.copy(), before() if export.both or export.layers else None

        def write(copies: tuple[Picture, Pixels | None]) -> None:
            self._write(path, lambda: export.write(*copies, path), lambda: None)

        self.prepare(document, f"Exporting {path.name}", copy, write, self._not_written(path))

    def save_session(self, path: Path, then: Callable[[], None] | None = None) -> None:
        """Write picture, mask and history to ``path``, the document's file from now on; ``then`` as for ``save``."""
        document, place = self.document, self.history.place
        if document is None or self.session_saving:
            return
        self._begin_saving(path)
        self._set_session_saving(path)

        def ended() -> None:
            self._set_session_saving(None)
            self._end_saving()

        def done() -> None:
            ended()
            if self.document is document:
                self.session = path
                self.history.session_place = self._saved_place = place
                self.fileChanged.emit()
            if then is not None:
                then()
            self.written.emit(path)

        def failed(error: Exception) -> None:
            ended()
            if isinstance(error, Cancelled):
                self._messages.info(f"{path.name} was not saved: it was cancelled.")
            else:
                self._report(f"{path.name} could not be saved.", error)
            self.writingFailed.emit()

        self.session_writer.save(path, self.snapshot, done, failed)

    @property
    def session_saving(self) -> bool:
        """Whether a session file is being written, which ``session_writer.cancel`` ends."""
        return self._session_saving is not None

    def snapshot(self) -> Snapshot:
        """What is there now, for the session writer."""
        path = self.document.picture.path if self.document is not None else None
        return replace(
            self.history.snapshot(),
            name=self._picture_name,
            unsaved=self.history.place != self._saved_place,
            path="" if path is None else str(path.absolute()),
            session="" if self.session is None else str(self.session.absolute()),
            settings=self.picture_settings(),
        )

    def _set_session_saving(self, path: Path | None) -> None:
        self._session_saving = path
        self.sessionSavingChanged.emit()

    @Slot(float)
    def _show_progress(self, part: float) -> None:
        if self._session_saving is not None:
            name = self._session_saving.name
            self.activityChanged.emit(f"Saving {name}… {100 * part:.0f} %. Esc cancels.")

    def _begin_saving(self, path: Path) -> None:
        self._saves += 1
        self.activityChanged.emit(f"Saving {path.name}…")

    def _end_saving(self) -> None:
        self._saves -= 1
        self.activityChanged.emit("")

    def _write(self, path: Path, write: Callable[[], None], then: Callable[[], None]) -> None:
        self._begin_saving(path)

        def done(_nothing: None) -> None:
            self._end_saving()
            then()
            self.written.emit(path)

        def failed(error: Exception) -> None:
            self._end_saving()
            self._not_written(path)(error)

        self._background.run(write, done, failed)

    def _not_written(self, path: Path) -> Callable[[Exception], None]:
        def failed(error: Exception) -> None:
            self._report(f"{path.name} could not be saved.", error)
            self.writingFailed.emit()

        return failed

    def _report(self, sentence: str, error: Exception) -> None:
        if isinstance(error, DocumentError):
            self._messages.error(str(error))
        elif isinstance(error, MemoryError):
            self._messages.error(f"{sentence} There is not enough memory: close other programs and try again.")
        else:
            self._messages.error(sentence, "".join(traceback.format_exception(error)))
