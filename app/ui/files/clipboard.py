"""The clipboard: pictures and masks to it and from it, encoded and decoded off the main thread."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QMimeData, QObject, Slot
from PySide6.QtGui import QGuiApplication, QImage

from app.canvas.drawing import to_array, to_qimage
from app.canvas.drops import local_files, picture_data
from app.document.errors import DocumentError
from app.document.formats import encode_mask, encode_picture
from app.document.pixels import Picture, colour
from app.ui.commands import Actions
from app.ui.editing import MASK_EMPTY, MaskMenu, Workspace
from app.ui.files.file_menu import FileMenu
from app.ui.support import Background, Messages

PASTED = "Pasted picture"
NOTHING = "There is no picture on the clipboard: copy one in another program first."
COPIED = "The picture is on the clipboard."
MASK_COPIED = "The mask is on the clipboard."


class ClipboardActions(QObject):
    """Copy and paste, of the picture and of its mask."""

    def __init__(
        self,
        parent: QObject,
        actions: Actions,
        workspace: Workspace,
        files: FileMenu,
        masks: MaskMenu,
        background: Background,
        messages: Messages,
    ) -> None:
        super().__init__(parent)
        self._workspace, self._files, self._masks = workspace, files, masks
        self._background, self._messages = background, messages
        self._copies = 0  # the newest is the one that counts
        actions.copy.triggered.connect(self.copy)
        actions.paste.triggered.connect(self.paste)
        actions.copy_mask.triggered.connect(self.copy_mask)
        actions.paste_mask.triggered.connect(self.paste_mask)

    @Slot()
    def copy(self) -> None:
        """Put the picture as it is seen on the clipboard, in sRGB with 8 bits: what every program takes."""
        self._files.settle()

        def encode(picture: Picture) -> tuple[bytes, QImage | None]:
            plain = Picture(np.ascontiguousarray(colour.as_srgb(picture))).to_depth(8)
            return encode_picture(plain, "PNG", "the picture"), _for_system(plain)

        def use(picture: Picture) -> None:
            self._offer(lambda: encode(picture), COPIED)

        self._workspace.with_copy("Copying the picture", use, self._failed)

    @Slot()
    def copy_mask(self) -> None:
        """Put the mask on the clipboard, as a grey picture."""
        document = self._workspace.document
        if document is None:
            return
        if not document.masked:
            self._messages.info(MASK_EMPTY)
            return

        def encode(mask: np.ndarray) -> tuple[bytes, QImage | None]:
            return encode_mask(mask), _for_system(Picture(np.repeat(mask[..., None], 3, axis=2)))

        self._workspace.prepare(
            document,
            "Copying the mask",
            lambda: document.mask.copy(),
            lambda mask: self._offer(lambda: encode(mask), MASK_COPIED),
            self._failed,
        )

    @Slot()
    def paste(self) -> None:
        """Open the picture on the clipboard; asks first where work is unsaved."""
        mime = QGuiApplication.clipboard().mimeData()
        if files := local_files(mime):
            self._files.open_path(Path(files[0]))
        elif source := _source(mime):
            self._files.open_data(source, PASTED)
        else:
            self._messages.info(NOTHING)

    @Slot()
    def paste_mask(self) -> None:
        """Take the picture on the clipboard as a mask."""
        mime = QGuiApplication.clipboard().mimeData()
        files = local_files(mime)
        if files:
            self._masks.read_mask(Path(files[0]), Path(files[0]).name)
        elif source := _source(mime):
            self._masks.read_mask(source, "the picture on the clipboard")
        else:
            self._messages.info(NOTHING)

    def _offer(self, encode: Callable[[], tuple[bytes, QImage | None]], said: str) -> None:
        """Encode, and put that on the clipboard unless something else was copied since."""
        self._copies += 1
        number = self._copies

        def done(made: tuple[bytes, QImage | None]) -> None:
            if number != self._copies:
                return
            data, image = made
            mime = QMimeData()
            mime.setData("image/png", data)
            if image is not None:
                mime.setImageData(image)
            QGuiApplication.clipboard().setMimeData(mime)
            self._messages.info(said)

        self._background.run(encode, done, self._failed)

    def _failed(self, error: Exception) -> None:
        if isinstance(error, DocumentError):
            self._messages.error(str(error))
        elif isinstance(error, MemoryError):
            self._messages.error("There is not enough memory to copy this: close other programs and try again.")
        else:
            self._messages.error("It could not be copied.", "".join(traceback.format_exception(error)))


def _for_system(picture: Picture) -> QImage | None:
    """What Windows and macOS make their own kinds of; elsewhere programs take the PNG."""
    return to_qimage(picture.pixels) if sys.platform in ("win32", "darwin") else None


def _source(mime: QMimeData) -> Callable[[], bytes] | None:
    """What gives the bytes of the picture on the clipboard, off the main thread; None where there is none."""
    if data := picture_data(mime):
        return lambda: data
    if not mime.hasImage():
        return None
    image = mime.imageData()
    if not isinstance(image, QImage) or image.isNull():
        return None
    return lambda: encode_picture(Picture(to_array(image)), "PNG", PASTED)
