"""The document: a picture, the mask painted over it, and every way to change them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.document.editing.compositing import PatchLike, composed
from app.document.editing.retouching import Retouching
from app.document.editing.sample_area import Mark
from app.document.editing.selections import Selections
from app.document.history import TILE, Draft, Edit, Recorder
from app.document.mask import Brush, Coverage, StrokePath, blend
from app.document.pixels import EMPTY, Box, Picture, bounds, crop, intersect, is_empty, pieces, union


class _Stroke:
    """A stroke being painted: its brush, where it goes, and what was there before."""

    def __init__(self, brush: Brush, path: StrokePath, plane: NDArray[np.uint8], mark: Mark | None) -> None:
        self.brush, self.path, self.plane, self.mark = brush, path, plane, mark
        self.recorder = Recorder("mask" if mark is None else "samples", plane)

    @property
    def name(self) -> str:
        if self.mark is None:
            return "Eraser stroke" if self.brush.erase else "Brush stroke"
        if self.brush.erase:
            return "Sample area taken away"
        return "Sample area" if self.mark is Mark.FROM else "Area never copied"

    def lay(self, box: Box, coverage: NDArray[np.uint8]) -> None:
        view = crop(self.plane, box)
        if self.mark is None:
            blend(view, coverage, self.brush.erase)
        else:
            view[coverage > 127] = Mark.NONE if self.brush.erase else self.mark


class Document(Selections, Retouching):
    """A picture and its mask, changed only through edits that can be undone.

    All boxes are inside the picture; ``boxes.EMPTY`` means nothing changed. Positions may lie
    outside the picture. An ``Edit`` handed out has been applied already. Not thread-safe:
    one thread edits, and others get copies.
    """

    def __init__(self, picture: Picture) -> None:
        """``picture`` becomes the document's own: its pixels are changed in place."""
        super().__init__(picture)
        self._stroke: _Stroke | None = None

    @property
    def stroking(self) -> bool:
        """Whether a stroke is being painted."""
        return self._stroke is not None or self.retouching

    def begin_stroke(self, brush: Brush, x: float, y: float, pressure: float = 1.0, mark: Mark | None = None) -> Box:
        """Start a stroke with a dab at a position in picture pixels; answers the changed box.

        ``mark``: what it leaves in the sample area; None: it is a stroke on the mask.
        ``pressure`` is the pen's, 0 to 1, for a brush that follows it. Raises ``RuntimeError``
        when a stroke is being painted already, ``ValueError`` for values that are not finite.
        """
        self._require_no_stroke()
        plane = self._mask if mark is None else self.samples
        stroke = _Stroke(brush, StrokePath(brush, (x, y), pressure, self.size), plane, mark)
        box = self._paint(stroke, stroke.path.begin())
        self._stroke = stroke
        return box

    def stroke_to(self, x: float, y: float, pressure: float = 1.0) -> Box:
        """Move the hand on in a straight line; answers the changed box.

        A brush that smooths stays behind the hand. Raises ``RuntimeError`` when no stroke was
        begun, ``ValueError`` for values that are not finite.
        """
        stroke = self._current_stroke()
        return self._paint(stroke, stroke.path.move((x, y), pressure))

    def end_stroke(self) -> Edit | None:
        """Finish the stroke: one edit for all of it, or None when it changed nothing.

        A brush that smooths catches up with the hand first: that, too, is inside the edit's
        boxes. Raises ``RuntimeError`` when no stroke was begun.
        """
        stroke = self._current_stroke()
        self._paint(stroke, stroke.path.finish())
        self._stroke = None
        return self._edit(stroke.name, stroke.recorder)

    def cancel_stroke(self) -> Box:
        """Give the stroke up: the mask is as before it; answers the box to redraw.

        Does nothing when no stroke was begun.
        """
        stroke, self._stroke = self._stroke, None
        return EMPTY if stroke is None else stroke.recorder.restore()

    def apply_result(
        self, patches: Sequence[PatchLike], mask_used: NDArray[np.uint8], used: Box | None = None, name: str = "Erase"
    ) -> Edit | None:
        """Put new pixels in and clear the part of the mask they answer, as one edit.

        Takes and raises what ``result_edit`` does. None when nothing changed.
        """
        edit = self.result_edit(patches, mask_used, used, name)
        if edit is not None:
            edit.redo(self)
        return edit

    def result_edit(
        self, patches: Sequence[PatchLike], mask_used: NDArray[np.uint8], used: Box | None = None, name: str = "Erase"
    ) -> Edit | None:
        """The edit that puts new pixels in and clears the part of the mask they answer; its ``redo`` makes it.

        ``mask_used`` is the (H, W) mask the patches were made for: the mask is cleared where
        it is above 0, and strokes painted elsewhere since then stay. ``used`` is a box around all
        of that, looked for where it is not given. Only reads: another thread
        may call it while nobody edits. None when nothing would change. Raises ``ValueError`` for
        arrays that do not fit the picture, ``RuntimeError`` during a stroke.
        """
        self._require_no_stroke()
        self._check_result(patches, mask_used)
        pixels, mask = Draft("pixels", self.pixels), Draft("mask", self._mask)
        for patch in patches:
            made = composed(self.picture, patch, mask_used)
            for box, new in pixels.pieces(patch.box):
                x0, y0 = patch.box[:2]
                new[..., : made.shape[2]] = crop(made, (box[0] - x0, box[1] - y0, box[2] - x0, box[3] - y0))
        for tile in pieces(bounds(mask_used) if used is None else used, TILE):
            erased = crop(mask_used, tile) > 0
            if erased.any():
                for _, new in mask.pieces(tile):
                    new[erased] = 0
        parts = (*pixels.parts(), *mask.parts())
        return Edit(name, parts) if parts else None

    def _paint(self, stroke: _Stroke, coverage: Coverage) -> Box:
        changed = EMPTY
        for box, piece in coverage:
            stroke.recorder.touch(box)
            stroke.lay(box, piece)
            changed = union(changed, box)
        return changed

    def _check_result(self, patches: Sequence[PatchLike], mask_used: NDArray[np.uint8]) -> None:
        if mask_used.shape != self._mask.shape:
            raise ValueError(f"the mask is {mask_used.shape}, the picture {self._mask.shape}")
        for patch in patches:
            x0, y0, x1, y1 = patch.box
            if is_empty(patch.box) or intersect(patch.box, (0, 0, *self.size)) != patch.box:
                raise ValueError(f"the patch {patch.box} is not inside the picture {self.size}")
            if patch.rgb.shape != (y1 - y0, x1 - x0, 3) or patch.rgb.dtype not in (np.uint8, self.pixels.dtype):
                raise ValueError(f"the patch {patch.box} holds {patch.rgb.shape} {patch.rgb.dtype}")

    def _current_stroke(self) -> _Stroke:
        if self._stroke is None:
            raise RuntimeError("no stroke was begun")
        return self._stroke
