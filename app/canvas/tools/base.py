"""The tools: what pressing, dragging and letting go on the canvas does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from app.document.editing import Document, Mark, Selections
from app.document.history import Edit, Target
from app.document.mask import Brush, Outlines
from app.document.pixels import Box, Point

T = TypeVar("T")
Change: TypeAlias = Callable[[Selections], Edit | None]
Select: TypeAlias = Callable[[str, int, Change], None]
Propose: TypeAlias = Callable[[str, Callable[[Selections], Any], Callable[[Any], None]], None]
Prompt: TypeAlias = Callable[[tuple[Point, ...], bool], Callable[[], NDArray[np.float32] | None] | None]
"""Asks a model what is at a point or, True, between two corners of a box; picture px.

None where it can't be asked now. What comes back waits for the answer, on another thread: logits (h, w) over the
whole picture, above 0 inside, or None.
"""


class Tool(Enum):
    """What can be chosen in the tool strip."""

    BRUSH = "Brush"
    ERASER = "Eraser"
    LASSO = "Lasso"
    RECTANGLE = "Rectangle"
    SIMILAR = "Similar colour"
    OBJECT = "Object"
    LINE = "Line"
    SAMPLE = "Sample area"
    CLONE = "Clone"
    HEAL = "Heal"
    PAN = "Hand"

    @property
    def paints(self) -> bool:
        """Whether it draws strokes."""
        return self in (Tool.BRUSH, Tool.ERASER, Tool.SAMPLE) or self.retouches

    @property
    def retouches(self) -> bool:
        """Whether it changes the picture itself, with pixels from elsewhere in it."""
        return self in (Tool.CLONE, Tool.HEAL)

    @property
    def has_size(self) -> bool:
        """Whether the brush's size counts, whose ring then stands for the pointer."""
        return self.paints or self is Tool.OBJECT


@dataclass(frozen=True)
class RetouchOptions:
    """How clone and heal paint, beside the brush."""

    opacity: float = 1.0
    pressure_opacity: bool = False
    aligned: bool = True


@dataclass(frozen=True)
class Pointer:
    """Where the pointer is, how hard it is pressed, and which keys are held."""

    device: tuple[float, float]  # device px of the canvas
    picture: tuple[float, float]  # picture px
    alt: bool = False
    shift: bool = False
    control: bool = False
    pressure: float = 1.0  # 0 to 1, after the pen's curve
    eraser: bool = False  # the pen's other end


@dataclass(frozen=True)
class Press:
    """A press of the hand with what it is meant for, as everything was chosen at that moment."""

    pointer: Pointer
    tool: Tool
    brush: Brush
    tolerance: int  # of similar colours
    contiguous: bool
    retouch: RetouchOptions = RetouchOptions()
    mark: Mark = Mark.FROM  # what the sample area's tool leaves
    pans: bool = False  # moves the picture
    splits: bool = False  # takes hold of the line between before and after

    @property
    def views(self) -> bool:
        """Whether it changes nothing but what is seen."""
        return self.pans or self.splits


@dataclass(frozen=True)
class Band:
    """A line drawn over the picture while something is selected."""

    points: tuple[tuple[float, float], ...]  # picture px
    closed: bool
    corners: bool = False  # marked, the first one above all: clicking it closes
    subtract: bool = False
    width: float = 0.0  # picture px: a stroke as wide as that in place of a line
    outlines: Outlines = ()  # of areas found
    takes: bool = False  # they are to be taken away from the mask
    picked: Outlines = ()  # of the one among them that the keyboard is at

    def bounds(self) -> tuple[float, float, float, float] | None:
        """What is drawn, in picture px; None where nothing is."""
        spans = [(line.min(axis=0), line.max(axis=0)) for line in (*self.outlines, *self.picked)]
        if self.points:
            half, points = self.width / 2, np.array(self.points)
            spans.append((points.min(axis=0) - half, points.max(axis=0) + half))
        if not spans:
            return None
        low, high = np.min([low for low, _ in spans], axis=0), np.max([high for _, high in spans], axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])


class Surface(Protocol):
    """What a tool needs of the canvas."""

    def show_part(self, target: Target, box: Box) -> None: ...
    def pan(self, dx: float, dy: float) -> None: ...
    def hand_over(self, edit: Edit | None) -> None: ...
    def select(self, name: str, area: int, change: Change) -> None: ...
    def propose(self, name: str, work: Callable[[Selections], T], done: Callable[[T], None]) -> None: ...
    def show_band(self) -> None: ...
    def announce(self, text: str) -> None: ...

    @property
    def prompt(self) -> Prompt | None: ...

    @property
    def zoom(self) -> float: ...


class Drag(Protocol):
    """One press of the pointer until it is let go, or several that belong together."""

    keys: tuple[int, ...]  # it understands beside Enter, Escape and Backspace
    idle: bool  # open, but in the way of nothing else that changes the mask
    double: bool  # a double click ends it
    stays: bool  # open between presses, until Enter or Escape
    keeps: bool  # what is open is kept, not given up, where something else begins

    def move(self, pointer: Pointer) -> None:
        """The pointer has moved."""

    def press(self, pointer: Pointer) -> None:
        """Pressed again, where letting go has not ended it."""

    def release(self, pointer: Pointer) -> bool:
        """The button is let go: True where that ends it, and ``finish`` is to be called."""

    def finish(self) -> None:
        """Keep what was done: the answer to Enter and to a double click, too."""

    def back(self) -> bool:
        """Take the last step back: the answer to Backspace. False where nothing is left."""

    def cancel(self) -> None:
        """Everything as before the press."""

    def pause(self) -> None:
        """Keep what was done so far as an edit of its own; the next move goes on from there."""

    def settle(self) -> None:
        """What was asked for on another thread has come, or was given up."""

    def key(self, key: int) -> bool:
        """One of ``keys``; False where nothing is left."""

    def band(self) -> Band | None:
        """What to draw over the picture."""


class SimpleDrag:
    """A drag that is over when the button is let go."""

    keys: tuple[int, ...] = ()
    stays = keeps = idle = double = False

    def settle(self) -> None:
        pass

    def key(self, key: int) -> bool:
        return False

    def move(self, pointer: Pointer) -> None:
        pass

    def press(self, pointer: Pointer) -> None:
        pass

    def release(self, pointer: Pointer) -> bool:
        return True

    def finish(self) -> None:
        pass

    def back(self) -> bool:
        return True

    def cancel(self) -> None:
        pass

    def pause(self) -> None:
        pass

    def band(self) -> Band | None:
        return None


class PanDrag(SimpleDrag):
    """Moves the picture with the pointer."""

    def __init__(self, surface: Surface, pointer: Pointer) -> None:
        self._surface, self._last = surface, pointer.device

    def move(self, pointer: Pointer) -> None:
        x, y = pointer.device
        self._surface.pan(x - self._last[0], y - self._last[1])
        self._last = pointer.device


class StrokeDrag(SimpleDrag):
    """Paints one stroke on the mask or in the sample area."""

    def __init__(
        self,
        surface: Surface,
        document: Document,
        brush: Brush,
        pointer: Pointer,
        start: tuple[float, float] | None = None,
        mark: Mark | None = None,
    ) -> None:
        """``start``: where a straight line to the pointer begins, in picture px; ``mark``: in the sample area."""
        self._surface, self._document, self._brush, self._mark = surface, document, brush, mark
        self._target: Target = "mask" if mark is None else "samples"
        self._last = pointer
        self._show(document.begin_stroke(brush, *(start or pointer.picture), pointer.pressure, mark))
        if start is not None:
            self._show(document.stroke_to(*pointer.picture, pointer.pressure))

    def move(self, pointer: Pointer) -> None:
        if not self._document.stroking:
            last = self._last
            self._show(self._document.begin_stroke(self._brush, *last.picture, last.pressure, self._mark))
        self._last = pointer
        self._show(self._document.stroke_to(*pointer.picture, pointer.pressure))

    def finish(self) -> None:
        if self._document.stroking:
            edit = self._document.end_stroke()
            if edit is not None and self._brush.smoothing:  # the brush has caught up with the hand
                refresh(self._surface, edit)
            self._surface.hand_over(edit)

    def cancel(self) -> None:
        self._show(self._document.cancel_stroke())

    def pause(self) -> None:
        self.finish()

    def _show(self, box: Box) -> None:
        self._surface.show_part(self._target, box)


def refresh(surface: Surface, edit: Edit) -> None:
    """Show what an edit of the mask or the sample area has changed."""
    for part in edit.parts:
        surface.show_part(part.target, part.box)


def apply_selection(surface: Surface, edit: Edit | None) -> None:
    """Show an edit that a selection has made, and hand it over."""
    if edit is not None:
        refresh(surface, edit)
        surface.hand_over(edit)


def brush_for(tool: Tool, brush: Brush, alt: bool) -> Brush:
    """The brush a painting tool uses; ``alt`` turns brush into eraser and back."""
    return replace(brush, erase=(tool is Tool.ERASER) != alt)
