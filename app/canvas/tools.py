"""The tools: what pressing, dragging and letting go on the canvas does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol

from app.document.boxes import Box
from app.document.brush import Brush
from app.document.document import Document
from app.document.edits import Edit


class Tool(Enum):
    """What can be chosen in the tool strip."""

    BRUSH = "Brush"
    ERASER = "Eraser"
    PAN = "Hand"


@dataclass(frozen=True)
class Pointer:
    """Where the pointer is, and which keys are held."""

    device: tuple[float, float]  # device px of the canvas
    picture: tuple[float, float]  # picture px
    alt: bool = False
    shift: bool = False


class Surface(Protocol):
    """What a tool needs of the canvas."""

    def refresh_mask(self, box: Box) -> None: ...
    def pan(self, dx: float, dy: float) -> None: ...
    def hand_over(self, edit: Edit | None) -> None: ...


class Drag(Protocol):
    """One press of the pointer until it is let go."""

    def move(self, pointer: Pointer) -> None:
        """The pointer has moved."""

    def release(self) -> None:
        """The button is let go: keep what was done."""

    def cancel(self) -> None:
        """Everything as before the press."""

    def pause(self) -> None:
        """Keep what was done so far as an edit of its own; the next move goes on from there."""


class PanDrag:
    """Moves the picture with the pointer."""

    def __init__(self, surface: Surface, pointer: Pointer) -> None:
        self._surface, self._last = surface, pointer.device

    def move(self, pointer: Pointer) -> None:
        x, y = pointer.device
        self._surface.pan(x - self._last[0], y - self._last[1])
        self._last = pointer.device

    def release(self) -> None:
        pass

    cancel = pause = release


class StrokeDrag:
    """Paints one stroke on the mask."""

    def __init__(
        self,
        surface: Surface,
        document: Document,
        brush: Brush,
        pointer: Pointer,
        start: tuple[float, float] | None = None,
    ) -> None:
        """``start``: where a straight line to the pointer begins, in picture px."""
        self._surface, self._document, self._brush = surface, document, brush
        self._last = pointer.picture
        surface.refresh_mask(document.begin_stroke(brush, *(start or pointer.picture)))
        if start is not None:
            surface.refresh_mask(document.stroke_to(*pointer.picture))

    def move(self, pointer: Pointer) -> None:
        if not self._document.stroking:
            self._surface.refresh_mask(self._document.begin_stroke(self._brush, *self._last))
        self._last = pointer.picture
        self._surface.refresh_mask(self._document.stroke_to(*pointer.picture))

    def release(self) -> None:
        if self._document.stroking:
            self._surface.hand_over(self._document.end_stroke())

    def cancel(self) -> None:
        self._surface.refresh_mask(self._document.cancel_stroke())

    pause = release


def brush_for(tool: Tool, brush: Brush, alt: bool) -> Brush:
    """The brush a painting tool uses; ``alt`` turns brush into eraser and back."""
    return replace(brush, erase=(tool is Tool.ERASER) != alt)
