"""The Object tool's model, where one is installed: the picture is made ready for it, and clicks go to it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Slot

from app.canvas.tools import Tool
from app.canvas.view import CanvasView
from app.document.editing import Document
from app.document.pixels import Point
from app.engine.protocol import EmbedDone
from app.ui.commands import Actions
from app.ui.editing.workspace import Workspace
from app.ui.support import Engine, Services

SIDE = 1024  # px, the longest side of what the model is given
PATIENCE = 10.0  # seconds until the tool looks by itself

Logits = NDArray[np.float32]


class ModelSelection(QObject):
    """Has the embedding made when the Object tool is chosen, and anew when the pixels have changed.

    Until it is there, and while the engine erases, prompts are not taken and the tool looks by itself.
    """

    def __init__(
        self,
        engine: Engine,
        services: Services,
        actions: Actions,
        view: CanvasView,
        workspace: Workspace,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._engine, self._messages, self._background = engine, services.messages, services.thumbnails
        self._view, self._workspace = view, workspace
        self._key = 0
        self._given: NDArray[np.uint8] | None = None  # what was embedded last; None: it can't be
        self._ready = False
        self._said = ""
        self._looking = False
        engine.embedded.connect(self._on_embedded)
        actions.tools[Tool.OBJECT].toggled.connect(self._on_tool)
        workspace.begun.connect(self._on_document)
        workspace.history.indexChanged.connect(self._on_step)
        view.prompt = self.prompt

    def prompt(self, points: tuple[Point, ...], box: bool) -> Callable[[], Logits | None] | None:
        """As of :data:`app.canvas.tools.Prompt`."""
        document = self._workspace.document
        if document is None or not self._ready or self._engine.busy:
            return None
        width, height = document.size
        shares = tuple((min(max(x / width, 0.0), 1.0), min(max(y / height, 0.0), 1.0)) for x, y in points)
        future = self._engine.segment(self._key, shares, box=box)
        return lambda: _waited(future)

    @Slot(bool)
    def _on_tool(self, chosen: bool) -> None:
        if chosen:
            self._look()

    @Slot()
    def _on_document(self) -> None:
        self._given, self._ready = None, False
        if self._view.tool is Tool.OBJECT:
            self._look()

    @Slot(int)
    def _on_step(self, _index: int) -> None:
        if self._given is not None:  # without a model the tool's next choice is soon enough
            self._look()

    def _look(self) -> None:
        """See on another thread whether the picture is another than was embedded."""
        document = self._workspace.document
        if document is None or self._looking:
            return
        self._looking, revision = True, document.revision

        def done(rgb: NDArray[np.uint8]) -> None:
            self._looking = False
            if document is not self._workspace.document or document.revision != revision:
                self._look()
            elif self._given is None or not np.array_equal(rgb, self._given):
                self._given, self._ready = rgb, False
                self._key += 1
                self._engine.embed(self._key, rgb)

        def failed(_error: Exception) -> None:
            self._looking = False

        self._background.run(lambda: _reduced(document), done, failed)

    @Slot(object)
    def _on_embedded(self, answer: EmbedDone) -> None:
        if answer.key != self._key:
            return
        self._ready = answer.available
        if not answer.available:
            self._given = None
        if answer.message and answer.message != self._said:
            self._said = answer.message
            self._messages.error(f"{answer.message} The Object tool works without it.", answer.details)


def _reduced(document: Document) -> NDArray[np.uint8]:
    """A copy of the picture (h, w, 3), reduced where it is larger than the model sees."""
    pixels = document.pixels
    scale = min(1.0, SIDE / max(pixels.shape[:2]))
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))[..., :3]
    return np.array(small if small.dtype == np.uint8 else small // 256, np.uint8)


def _waited(future: Future[Logits | None]) -> Logits | None:
    try:
        return future.result(PATIENCE)
    except TimeoutError:
        future.cancel()
        return None
