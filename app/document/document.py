"""The document: a picture, the mask painted over it, and every way to change them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.document.boxes import EMPTY, Box, intersect, is_empty, union
from app.document.brush import Brush, Point, blend, rasterise
from app.document.edits import Edit, Recorder
from app.document.picture import Picture


class PatchLike(Protocol):
    """New pixels for one box of the picture."""

    @property
    def box(self) -> Box: ...

    @property
    def rgb(self) -> NDArray[np.uint8]: ...  # (y1 - y0, x1 - x0, 3)


class _Stroke:
    """A stroke being painted: its brush, where it is, and what was there before."""

    def __init__(self, brush: Brush, at: Point, mask: NDArray[np.uint8]) -> None:
        self.brush = brush
        self.at = at
        self.recorder = Recorder("mask", mask)


class Document:
    """A picture and its mask, changed only through edits that can be undone.

    All boxes are inside the picture; ``boxes.EMPTY`` means nothing changed. Positions may lie
    outside the picture. An ``Edit`` handed out has been applied already. Not thread-safe:
    one thread edits, and others get copies.
    """

    def __init__(self, picture: Picture) -> None:
        """``picture`` becomes the document's own: its pixels are changed in place."""
        if not (picture.pixels.flags.writeable and picture.pixels.flags.c_contiguous):
            picture.pixels = np.array(picture.pixels, order="C")
        self.picture = picture
        self._mask: NDArray[np.uint8] = np.zeros((picture.height, picture.width), np.uint8)
        self._revision = 0
        self._stroke: _Stroke | None = None

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """The picture's array, (H, W, 3) or (H, W, 4); read it, do not write to it."""
        return self.picture.pixels

    @property
    def mask(self) -> NDArray[np.uint8]:
        """What to erase, (H, W): 0 keep to 255 erase; read it, do not write to it."""
        return self._mask

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.picture.size

    @property
    def revision(self) -> int:
        """A number that changes with every edit, undo and redo."""
        return self._revision

    def mark_changed(self) -> None:
        """Note that pixels or mask changed; edits call it when they are undone or redone.

        Raises ``RuntimeError`` during a stroke: history and stroke would overwrite each other.
        """
        self._require_no_stroke()
        self._revision += 1

    @property
    def stroking(self) -> bool:
        """Whether a stroke is being painted."""
        return self._stroke is not None

    def begin_stroke(self, brush: Brush, x: float, y: float) -> Box:
        """Start a stroke with a dab at a position in picture pixels; answers the changed box.

        Raises ``RuntimeError`` when a stroke is being painted already.
        """
        self._require_no_stroke()
        if brush.size < 1.5:
            # A click between four pixels would cover a quarter of each, too little to mask any.
            x, y = math.floor(x) + 0.5, math.floor(y) + 0.5
        stroke = _Stroke(brush, (x, y), self._mask)
        box = self._paint(stroke, (x, y))
        self._stroke = stroke
        return box

    def stroke_to(self, x: float, y: float) -> Box:
        """Move the brush on in a straight line; answers the changed box.

        Raises ``RuntimeError`` when no stroke was begun.
        """
        return self._paint(self._current_stroke(), (x, y))

    def end_stroke(self) -> Edit | None:
        """Finish the stroke: one edit for all of it, or None when it changed nothing.

        Raises ``RuntimeError`` when no stroke was begun.
        """
        stroke = self._current_stroke()
        self._stroke = None
        return self._edit("Eraser stroke" if stroke.brush.erase else "Brush stroke", stroke.recorder)

    def cancel_stroke(self) -> Box:
        """Give the stroke up: the mask is as before it; answers the box to redraw.

        Does nothing when no stroke was begun.
        """
        stroke, self._stroke = self._stroke, None
        return EMPTY if stroke is None else stroke.recorder.restore()

    def clear_mask(self) -> Edit | None:
        """Take the whole mask away; None when it is empty already."""
        self._require_no_stroke()
        box = _bounds(self._mask)
        recorder = Recorder("mask", self._mask)
        recorder.touch(box)
        _crop(self._mask, box)[...] = 0
        return self._edit("Clear mask", recorder)

    def invert_mask(self) -> Edit | None:
        """Swap what is masked and what is not."""
        self._require_no_stroke()
        recorder = Recorder("mask", self._mask)
        recorder.touch((0, 0, *self.size))
        np.subtract(255, self._mask, out=self._mask)
        return self._edit("Invert mask", recorder)

    def apply_result(self, patches: Sequence[PatchLike], mask_used: NDArray[np.uint8]) -> Edit | None:
        """Put new pixels in and clear the part of the mask they answer, as one edit.

        ``mask_used`` is the (H, W) mask the patches were made for: the mask is cleared where
        it is above 0, and strokes painted elsewhere since then stay. Alpha is not touched.
        None when nothing changed. Raises ``ValueError`` for arrays that do not fit the picture
        (nothing is changed then), ``RuntimeError`` during a stroke.
        """
        self._require_no_stroke()
        self._check_result(patches, mask_used)
        old_pixels = Recorder("pixels", self.pixels)
        for patch in patches:
            old_pixels.touch(patch.box)
            _crop(self.pixels, patch.box)[..., :3] = patch.rgb
        old_mask = Recorder("mask", self._mask)
        used = _bounds(mask_used)
        old_mask.touch(used)
        _crop(self._mask, used)[_crop(mask_used, used) > 0] = 0
        return self._edit("Erase", old_pixels, old_mask)

    def mask_box(self) -> Box | None:
        """The bounds of what is masked (above 127), or None when nothing is."""
        box = _bounds(self._mask, 127)
        return None if is_empty(box) else box

    def _paint(self, stroke: _Stroke, to: Point) -> Box:
        changed = EMPTY
        for box, coverage in rasterise(stroke.brush, stroke.at, to, self.size):
            stroke.recorder.touch(box)
            blend(_crop(self._mask, box), coverage, stroke.brush.erase)
            changed = union(changed, box)
        stroke.at = to
        return changed

    def _edit(self, name: str, *recorders: Recorder) -> Edit | None:
        parts = tuple(part for recorder in recorders for part in recorder.parts())
        if not parts:
            return None
        self._revision += 1
        return Edit(name, parts)

    def _check_result(self, patches: Sequence[PatchLike], mask_used: NDArray[np.uint8]) -> None:
        if mask_used.shape != self._mask.shape:
            raise ValueError(f"the mask is {mask_used.shape}, the picture {self._mask.shape}")
        for patch in patches:
            x0, y0, x1, y1 = patch.box
            if is_empty(patch.box) or intersect(patch.box, (0, 0, *self.size)) != patch.box:
                raise ValueError(f"the patch {patch.box} is not inside the picture {self.size}")
            if patch.rgb.shape != (y1 - y0, x1 - x0, 3) or patch.rgb.dtype != np.uint8:
                raise ValueError(f"the patch {patch.box} holds {patch.rgb.shape} {patch.rgb.dtype}")

    def _current_stroke(self) -> _Stroke:
        if self._stroke is None:
            raise RuntimeError("no stroke was begun")
        return self._stroke

    def _require_no_stroke(self) -> None:
        if self._stroke is not None:
            raise RuntimeError("a stroke is being painted")


def _bounds(mask: NDArray[np.uint8], above: int = 0) -> Box:
    """The box around everything above a level, found by maxima: quick at any picture size."""
    rows = np.flatnonzero(mask.max(axis=1) > above)
    if rows.size == 0:
        return EMPTY
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(mask[top:bottom].max(axis=0) > above)
    return int(columns[0]), top, int(columns[-1]) + 1, bottom


def _crop(array: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    return array[box[1] : box[3], box[0] : box[2]]
