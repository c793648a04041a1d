"""Selections: changes to the mask other than strokes: shapes, the whole of it, its edges, colours, files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.document.editing.sample_area import SampleArea
from app.document.history import TILE, Edit, Recorder
from app.document.mask import Segment, blend, grow_towards, morphology, polygon_coverage, similar_coverage, snapped
from app.document.pixels import Box, Point, bounds, crop, intersect, pieces

How: TypeAlias = Literal["replace", "add", "subtract"]


class Selections(SampleArea):
    """Every method changes the mask as one edit and answers it, or None when nothing changed.

    Coverage is laid as a brush lays it: adding, the larger of mask and coverage counts;
    subtracting, the smaller of mask and what the coverage leaves (255 - coverage). All
    raise ``RuntimeError`` during a stroke, before anything is changed.
    """

    def with_mask_copied(self) -> Selections:
        """The same picture with a mask of its own, to work out an edit of the mask on.

        ``redo`` of that edit makes it here, as long as nothing else has changed the mask. May be
        called on another thread that nobody edits beside.
        """
        other = Selections(self.picture)
        other._mask = self._mask.copy()
        other._samples = None if self._samples is None else self._samples.copy()
        return other

    def fill_polygon(self, points: Sequence[Point], subtract: bool = False, name: str = "Lasso") -> Edit | None:
        """Mask the inside of a closed polygon, its edge antialiased by exact area.

        ``points`` are corners in picture pixels, at any distance outside too; what is circled
        twice in one sense is inside. Fewer than three points hold nothing. Raises ``ValueError``
        for positions that are not finite.
        """
        self._require_no_stroke()
        return self._lay(name, polygon_coverage(points, self.size), subtract)

    def fill_box(self, box: Box, subtract: bool = False) -> Edit | None:
        """Mask a box, of which only what is inside the picture counts."""
        self._require_no_stroke()
        return self._lay("Rectangle", self._constant(intersect(box, (0, 0, *self.size)), 255), subtract)

    def fill_mask(self) -> Edit | None:
        """Mask the whole picture."""
        self._require_no_stroke()
        return self._write("Fill mask", self._constant((0, 0, *self.size), 255))

    def clear_mask(self) -> Edit | None:
        """Take the whole mask away."""
        self._require_no_stroke()
        return self._write("Clear mask", self._constant(bounds(self._mask), 0))

    def invert_mask(self) -> Edit | None:
        """Swap what is masked and what is not."""
        self._require_no_stroke()
        whole = pieces((0, 0, *self.size), TILE)
        return self._write("Invert mask", ((box, 255 - crop(self._mask, box)) for box in whole))

    def grow_mask(self, px: int) -> Edit | None:
        """Mask everything within ``px`` pixels (Euclidean) of what is masked (above 127).

        The new edge is one pixel soft; what was masked softly farther out stays. Raises
        ``ValueError`` outside 1..``morphology.MAX_REACH``.
        """
        self._require_no_stroke()
        return self._write("Grow mask", morphology.grow(self._mask, px))

    def grow_mask_towards(self, dx: float, dy: float) -> Edit | None:
        """Mask everything the mask passes when it is moved by (dx, dy) pixels.

        Raises ``ValueError`` for an arrow longer than ``FARTHEST`` pixels.
        """
        self._require_no_stroke()
        return self._write("Grow mask towards", grow_towards(self._mask, dx, dy))

    def shrink_mask(self, px: int) -> Edit | None:
        """Unmask everything within ``px`` pixels (Euclidean) of what is not masked (up to 127).

        Outside the picture counts as masked, so a full mask stays full. Raises ``ValueError``
        outside 1..``morphology.MAX_REACH``.
        """
        self._require_no_stroke()
        return self._write("Shrink mask", morphology.shrink(self._mask, px))

    def feather_mask(self, px: int) -> Edit | None:
        """Soften the mask's edge over about ``px`` pixels to each side (Gaussian, sigma ``px`` / 2).

        The picture's edge is not softened. Raises ``ValueError`` outside
        1..``morphology.MAX_REACH``.
        """
        self._require_no_stroke()
        return self._write("Feather mask", morphology.feather(self._mask, px))

    def select_similar(
        self, x: float, y: float, tolerance: int = 32, contiguous: bool = True, subtract: bool = False
    ) -> Edit | None:
        """Mask what has the colour at a position, or one that differs by ``tolerance`` at most.

        ``tolerance`` is 0..255 of the range of every colour channel (alpha does not count);
        ``contiguous`` takes only what is connected with the position over edges of pixels.
        A position outside the picture selects nothing. Raises ``ValueError`` for another tolerance.
        """
        self._require_no_stroke()
        coverage = similar_coverage(self.pixels, (x, y), tolerance, contiguous)
        return self._lay("Select similar", coverage, subtract)

    def lay_segments(self, segments: Sequence[Segment], name: str, subtract: bool = False) -> Edit | None:
        """Mask areas that were found in the picture, all as one edit of that name."""
        self._require_no_stroke()
        return self._lay(name, ((segment.box, segment.coverage) for segment in segments), subtract)

    def snap_mask(self) -> Edit | None:
        """Put in place of every connected part of the mask the object it was brushed over; see ``objects``.

        Parts without an object under them stay as they are.
        """
        self._require_no_stroke()
        found = list(snapped(self.pixels, self._mask))
        recorder = Recorder("mask", self._mask)
        for part, _ in found:
            recorder.touch(part.box)
            crop(self._mask, part.box)[part.coverage > 0] = 0
        for _, thing in found:
            recorder.touch(thing.box)
            blend(crop(self._mask, thing.box), thing.coverage, erase=False)
        return self._edit("Snap mask to object", recorder)

    def set_mask(self, array: NDArray[np.uint8], how: How = "replace") -> Edit | None:
        """Take a mask (H, W) uint8 in place of the present one, or add it, or subtract it.

        Raises ``ValueError`` for an array that does not fit and for another ``how``.
        """
        self._require_no_stroke()
        if array.shape != self._mask.shape or array.dtype != np.uint8:
            raise ValueError(f"the mask is {array.shape} {array.dtype}, the picture {self._mask.shape}")
        if how not in ("replace", "add", "subtract"):
            raise ValueError(f"a mask can be taken to replace, add or subtract, not {how!r}")
        # Only what the file masks is touched; to replace, also what is masked now.
        content = ((box, crop(array, box)) for box in pieces((0, 0, *self.size), TILE))
        if how == "replace":
            return self._write("Import mask", content)
        return self._lay("Import mask", ((box, piece) for box, piece in content if piece.any()), how == "subtract")

    def _constant(self, box: Box, value: int) -> Iterator[tuple[Box, NDArray[np.uint8]]]:
        whole = np.full((TILE, TILE), value, np.uint8)
        for piece in pieces(box, TILE):
            yield piece, whole[: piece[3] - piece[1], : piece[2] - piece[0]]
