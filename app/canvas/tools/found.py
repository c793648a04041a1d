"""A set of things found in the picture, to be masked one by one or all."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt

from app.canvas.tools.base import Band, Pointer, SimpleDrag, Surface
from app.document.mask import Segment
from app.document.pixels import Point, area

_NEAR = 6.0  # device px beside a thing that still mean it


class FoundDrag(SimpleDrag):
    """A click masks one, Alt and a click drop it; Enter masks all that are left, Escape gives them up.

    By keys: Left and Right go from one to the next, Down masks it, Backspace drops it.
    """

    stays = idle = True
    keys: tuple[int, ...] = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Down)

    def __init__(self, surface: Surface, segments: Sequence[Segment], name: str) -> None:
        """``name`` is what the history calls one: "Wire"."""
        self._surface, self._name = surface, name
        self._left = [(segment, segment.outlines()) for segment in segments]
        self._picked: int | None = None
        self._down = False

    def press(self, pointer: Pointer) -> None:
        at = self._at(pointer.picture)
        if at is not None:
            if not pointer.alt:
                self._mask([self._left[at][0]])
            self._drop(at)
        self._down = True

    def release(self, pointer: Pointer) -> bool:
        down, self._down = self._down, False
        return down and not self._left

    def finish(self) -> None:
        if self._left:
            self._mask([segment for segment, _ in self._left])

    def back(self) -> bool:
        if self._picked is not None:
            self._drop(self._picked)
            self._say(f"{self._name} dropped. ")
        return bool(self._left)

    def key(self, key: int) -> bool:
        if key == Qt.Key.Key_Down:
            if self._picked is not None:
                self._mask([self._left[self._picked][0]])
                self._drop(self._picked)
                self._say(f"{self._name} masked. ")
        else:
            step = 1 if key == Qt.Key.Key_Right else -1
            start = (-1 if step > 0 else 0) if self._picked is None else self._picked
            self._picked = (start + step) % len(self._left)
            self._say()
        return bool(self._left)

    def band(self) -> Band | None:
        if not self._left:
            return None
        picked = () if self._picked is None else self._left[self._picked][1]
        return Band((), False, outlines=tuple(line for _, lines in self._left for line in lines), picked=picked)

    def _at(self, at: Point) -> int | None:
        margin = _NEAR / max(self._surface.zoom, 1e-3)
        hit = [number for number, (segment, _) in enumerate(self._left) if segment.holds(at, margin)]
        return min(hit, key=lambda number: area(self._left[number][0].box), default=None)

    def _say(self, done: str = "") -> None:
        """Tell a screen reader what was done, and which one the keys are at now."""
        if self._picked is None:
            self._surface.announce(f"{done}None is left.")
        else:
            self._surface.announce(f"{done}{self._name} {self._picked + 1} of {len(self._left)}")

    def _drop(self, number: int) -> None:
        del self._left[number]
        if self._picked is not None:
            self._picked = min(self._picked, len(self._left) - 1) if self._left else None

    def _mask(self, segments: list[Segment]) -> None:
        size = sum(area(segment.box) for segment in segments)
        name = self._name if len(segments) == 1 else f"{self._name}s"
        self._surface.select("Masking what was found", size, lambda sheet: sheet.lay_segments(segments, name))
