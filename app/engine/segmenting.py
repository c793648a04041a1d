"""The model that selects, on the engine's thread: loaded when first needed, one embedding at a time."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from app.engine.protocol import EmbedDone, EmbedRequest, SegmentRequest

if TYPE_CHECKING:
    from inference.models import Segmenter


class Segmenting:
    """Every outcome is an answer, never an exception."""

    def __init__(self) -> None:
        self._segmenter: Segmenter | None = None
        self._embedded: tuple[int, Any] | None = None  # key and embedding

    def embed(
        self, request: EmbedRequest, prepare: Callable[[], None], explain: Callable[[Exception], str]
    ) -> EmbedDone:
        """Make a picture's embedding; ``prepare`` is called before torch is used, ``explain`` makes sentences."""
        from inference.models import installed_segmenter

        self._embedded = None
        path = installed_segmenter()
        if path is None:
            self._segmenter = None
            return EmbedDone(request.key, False)
        try:
            prepare()
            if self._segmenter is None:
                from inference.models import choose_device, load_segmenter

                self._segmenter = load_segmenter(path, choose_device(request.device))
            self._embedded = request.key, self._segmenter.embed(request.rgb)
        except Exception as error:  # the engine must survive whatever the model does
            return EmbedDone(request.key, False, explain(error), traceback.format_exc())
        return EmbedDone(request.key, True)

    def segment(self, request: SegmentRequest) -> None:
        """Answer a prompt with logits; None where the embedding is another's or the model fails."""
        if not request.logits.set_running_or_notify_cancel():
            return
        logits = None
        try:
            if self._segmenter is not None and self._embedded is not None and self._embedded[0] == request.key:
                logits = self._segmenter.segment(self._embedded[1], request.points, box=request.box)
        except Exception:  # the tool then searches by itself
            self._embedded = None
        request.logits.set_result(logits)

    def unload(self) -> None:
        """Give its memory back."""
        self._segmenter = self._embedded = None
