"""The document being edited, its history and its file: opening, saving, exporting."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.canvas.pyramid import Pyramid
from app.document.document import Document
from app.document.errors import DocumentError
from app.document.formats import SAVE_FORMATS, read_picture, write_picture
from app.document.picture import Picture
from app.ui.background import Background
from app.ui.commands import History
from app.ui.messages import Messages

SAVE_QUALITY = 95  # of JPEG and WebP where nobody was asked


@dataclass(frozen=True)
class Opened:
    """A document just opened, with what is shown of it first made off the main thread."""

    document: Document
    pixels: Pyramid


def format_of(path: Path) -> str | None:
    """Pillow's name of the format that a file name's ending means, None where it means none."""
    suffix = path.suffix.lower()
    return next((name for name, suffixes in SAVE_FORMATS.items() if suffix in suffixes), None)


class Workspace(QObject):
    """One document at a time. Files are read and written in the background."""

    opened = Signal(object)  # Opened, before it takes the place of the document
    taken = Signal()  # another document is there
    written = Signal(object)  # Path, by save or export
    writingFailed = Signal()  # a message says why
    fileChanged = Signal()  # the document has another name or path
    activityChanged = Signal(str)  # what is being read or written, "" when nothing

    def __init__(self, background: Background, messages: Messages, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document: Document | None = None
        self.history = History(self, background.run)
        self.history.failed.connect(messages.error)
        self._background, self._messages = background, messages
        self._name = ""
        self._opening = 0  # number of the newest request; older answers are dropped
        self._saves = 0  # under way

    @property
    def name(self) -> str:
        """What to call the document."""
        path = self.document.picture.path if self.document is not None else None
        return path.name if path is not None else self._name

    @property
    def saving(self) -> bool:
        """Whether a file is being written."""
        return self._saves > 0

    def open(self, path: Path, *, sample: bool = False) -> None:
        """Read ``path``; ``opened`` follows, or a message. A sample is never written back to its file."""
        self._opening += 1
        number = self._opening
        self.activityChanged.emit(f"Opening {path.name}…")

        def read() -> tuple[Picture, Pyramid]:
            picture = read_picture(path)
            if sample:
                picture.path = None
            document_pixels = Pyramid(picture.pixels)
            document_pixels.prepare()  # what is shown first; the canvas asks for the rest where it is looked at
            return picture, document_pixels

        def done(answer: tuple[Picture, Pyramid]) -> None:
            if number == self._opening:
                self.activityChanged.emit("")
                self._name = path.name
                self.opened.emit(Opened(Document(answer[0]), answer[1]))

        def failed(error: Exception) -> None:
            if number == self._opening:
                self.activityChanged.emit("")
                self._report(f"{path.name} could not be opened.", error)

        self._background.run(read, done, failed)

    def take(self, opened: Opened) -> None:
        """Put an opened document in the place of the one before."""
        self.document = opened.document
        self.history.start_over()
        self.taken.emit()
        self.fileChanged.emit()

    def save(self, path: Path, then: Callable[[], None] | None = None) -> None:
        """Write the picture to ``path``, its own file from now on; ``then`` is called if that went well."""
        document = self.document
        if document is None:
            return
        version = self.history.pixel_version

        def done(_nothing: None) -> None:
            if self.document is document:
                document.picture.path = path
                document.picture.format = format_of(path) or document.picture.format
                self.history.saved_version = version
                self.fileChanged.emit()
            if then is not None:
                then()

        self._write(document, path, SAVE_QUALITY, done)

    def export(self, path: Path, quality: int) -> None:
        """Write a copy to ``path``; the document keeps its own file."""
        if self.document is not None:
            self._write(self.document, path, quality, lambda _nothing: None)

    def _write(self, document: Document, path: Path, quality: int, then: Callable[[None], None]) -> None:
        picture = document.picture.copy()  # painting may go on
        self._saves += 1
        self.activityChanged.emit(f"Saving {path.name}…")

        def ended() -> None:
            self._saves -= 1
            self.activityChanged.emit("")

        def done(nothing: None) -> None:
            ended()
            then(nothing)
            self.written.emit(path)

        def failed(error: Exception) -> None:
            ended()
            self._report(f"{path.name} could not be saved.", error)
            self.writingFailed.emit()

        self._background.run(lambda: write_picture(picture, path, quality=quality), done, failed)

    def _report(self, sentence: str, error: Exception) -> None:
        if isinstance(error, DocumentError):
            self._messages.error(str(error))
        elif isinstance(error, MemoryError):
            self._messages.error(f"{sentence} There is not enough memory: close other programs and try again.")
        else:
            self._messages.error(sentence, "".join(traceback.format_exception(error)))
