"""The canvas's layers: picture, previews, mask and grid, drawn one over the other into an array of device pixels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from app.canvas.drawing.block_loader import Loader
from app.canvas.drawing.original import OriginalPixels
from app.canvas.drawing.overlays import draw_grid, outline, tint, word
from app.canvas.drawing.pyramid import Pyramid, eight_bits, srgb_converter
from app.canvas.drawing.resampling import put, sample, shown_box
from app.canvas.drawing.sample_layers import SampleLayers
from app.canvas.drawing.viewport import GRID_FROM, Viewport
from app.document.editing import Document
from app.document.pixels import EMPTY, Box, intersect, is_empty, zeros

OVERLAY = (0xFF, 0xCC, 0x00)  # RGB, until told otherwise
OVERLAY_OPACITY = 0.70
BACKGROUND = (0x1E, 0x1E, 0x1E)


class CanvasLayers:
    """A document, its picture before, an erase's hole and preview, ready to be drawn at any zoom."""

    def __init__(self, loader: Loader | None = None) -> None:
        """``loader`` makes what large pictures need to be drawn small; without it that is waited for."""
        self.document: Document | None = None
        self.showing_before = False
        self.split: int | None = None  # device px from the left where the picture before ends
        self.overlay_opacity = OVERLAY_OPACITY
        self.background = BACKGROUND
        self.overlay_colour = OVERLAY
        self.outlined = True
        self._loader = loader
        self._pixels: Pyramid | None = None
        self._mask: Pyramid | None = None
        self._before: Pyramid | None = None
        self._kept: OriginalPixels | None = None
        self._erased: NDArray[np.uint8] | None = None  # the mask being erased
        self._hole: Pyramid | None = None  # the part of it that previews take the place of
        self._previews: dict[Box, Pyramid] = {}  # the newest last
        self._samples = SampleLayers(self._load)

    def set_document(self, document: Document | None, pixels: Pyramid | None) -> None:
        """Show another document; ``pixels`` may be handed over ready made."""
        if self._loader is not None:
            self._loader.clear()
        self.document = document
        self._before = self._kept = self._erased = self._hole = None
        self._previews = {}
        self.showing_before = False
        self._pixels = self._mask = None
        if document is not None:
            ready = pixels is not None and pixels.base is document.pixels
            self._pixels = self._load(pixels if ready and pixels is not None else self._of(document))
            self._mask = self._load_mask(document)
        self._samples = SampleLayers(self._load)
        if document is not None and document.has_samples:
            self._samples.update(document, (0, 0, *document.size))

    def let_go(self) -> list[object]:
        """What is large of what is shown, before another document is: freeing it takes a while."""
        return [self.document, self._pixels, self._mask, self._before, self._kept, self._erased, self._hole]

    def set_before(self, pixels: NDArray[np.uint8] | None) -> None:
        """The picture shown while comparing; None: the document's own pixels."""
        self._kept = None
        self._before = None if pixels is None else self._load(Pyramid(pixels, self._pixels))

    def keep_before(self, boxes: Iterable[Box]) -> None:
        """Pixels inside ``boxes`` are about to change: what is there now is the picture before.

        What was kept at an earlier call stays.
        """
        if self.document is None or (self._before is not None and self._kept is None):
            return
        if self._kept is None or self._before is None or self._kept.pixels is not self.document.pixels:
            self._kept = OriginalPixels(self.document.pixels)
            self._before = self._load(Pyramid(self.document.pixels, self._pixels))
            kept, see = self._kept, srgb_converter(self.document.picture) or eight_bits
            self._before.source = lambda box: see(kept.read(box))
        self._kept.keep(boxes)

    def keep_before_tiles(self, tiles: Mapping[Box, NDArray[np.generic]]) -> None:
        """What the picture before has in tiles that had changed when the document was opened."""
        if tiles:
            self.keep_before([])
            if self._kept is not None:
                self._kept.take(tiles)

    @property
    def has_before(self) -> bool:
        """Whether a picture to compare with was given for this document."""
        return self._before is not None

    def update(self, box: Box) -> None:
        """Take over what changed in the document inside ``box``."""
        self.update_pixels(box)
        self.update_mask(box)
        self.update_samples(box)

    def update_samples(self, box: Box) -> None:
        """Take over what changed in the document's sample area inside ``box``."""
        if self.document is not None and self.document.has_samples and not is_empty(box):
            self._samples.update(self.document, box)

    def update_pixels(self, box: Box) -> None:
        """Take over what changed in the document's pixels inside ``box``."""
        if self.document is None or self._pixels is None or is_empty(box):
            return
        if self._pixels.base is not self.document.pixels:
            self._pixels = self._load(self._of(self.document))
        self._pixels.update(box)

    def update_mask(self, box: Box) -> None:
        """Take over what changed in the document's mask inside ``box``."""
        if self.document is None or self._mask is None or is_empty(box):
            return
        if self._mask.base is not self.document.mask:
            self._mask = self._load_mask(self.document)
        self._mask.update(box)

    def set_hole(self, mask: NDArray[np.uint8] | None) -> None:
        """The mask being erased (the layers keeps it, so it must not change), or None when that is over."""
        shown, self._previews = list(self._previews), {}
        self._erased, self._hole = mask, None
        for box in shown:  # its overlay had given way only where previews were
            self.update_mask(box)

    def set_preview(self, box: Box, rgb: NDArray[np.uint8]) -> None:
        """Show ``rgb`` over the picture at ``box``, where it takes the place of the hole's overlay.

        Previews at other boxes stay: holes far apart are erased one after the other.
        """
        known = self._previews.pop(box, None) is not None
        self._previews[box] = Pyramid(rgb)
        if known or self.document is None or self._erased is None or self._mask is None:
            return
        if self._hole is None:
            self._hole = self._load(Pyramid(zeros(self._erased.shape)))
        x0, y0, x1, y1 = box
        self._hole.base[y0:y1, x0:x1] = self._erased[y0:y1, x0:x1]
        self._hole.update(box)
        self.update_mask(box)

    @property
    def kept(self) -> OriginalPixels | None:
        """What is kept of the picture before, where it has changed."""
        return self._kept

    @staticmethod
    def _of(document: Document) -> Pyramid:
        return Pyramid(document.pixels, see=srgb_converter(document.picture))

    def _load(self, pyramid: Pyramid) -> Pyramid:
        pyramid.want = None if self._loader is None else self._loader.request
        return pyramid

    def _load_mask(self, document: Document) -> Pyramid:
        pyramid = self._load(Pyramid(document.mask))
        pyramid.source = self._painted_since
        return pyramid

    def _painted_since(self, box: Box) -> NDArray[np.uint8]:
        """The mask without what a preview is shown in the place of."""
        document, hole = self.document, self._hole
        assert document is not None
        x0, y0, x1, y1 = box
        mask = document.mask[y0:y1, x0:x1]
        if hole is None:
            return mask
        _, keep = cv2.threshold(hole.read(box), 0, 255, cv2.THRESH_BINARY_INV)  # far quicker than numpy's where
        return np.asarray(cv2.bitwise_and(mask, keep), np.uint8)

    def draw(self, view: Viewport, rect: Box, out: NDArray[np.uint8], edges: NDArray[np.uint8]) -> None:
        """Draw the device pixels of ``rect``.

        ``out`` (h, w, 4) BGRX and ``edges`` (h, w), 255 on the mask's outline, are ``rect``'s own parts.
        """
        part = intersect(rect, view.picture_box())
        edges[...] = 0
        if part != rect:
            out.view(np.uint32)[...] = word(self.background)
        if self._pixels is None or self._mask is None or is_empty(part):
            return
        split = part[2] if self.showing_before else part[0] if self.split is None else self.split
        split = min(max(split, part[0]), part[2])
        for side, before in (((part[0], part[1], split, part[3]), True), ((split, part[1], part[2], part[3]), False)):
            if not is_empty(side):
                rows = slice(side[1] - rect[1], side[3] - rect[1])
                columns = slice(side[0] - rect[0], side[2] - rect[0])
                self._draw_picture(view, side, out[rows, columns], edges[rows, columns], before)

    def _draw_picture(
        self, view: Viewport, part: Box, out: NDArray[np.uint8], edges: NDArray[np.uint8], before: bool
    ) -> None:
        assert self._pixels is not None
        pixels = self._before if before and self._before is not None else self._pixels
        put(out, pixels, view, part)
        if not before:
            self._draw_previews(view, part, out)
            self._samples.draw(view, part, out)
            self._draw_mask(view, part, out, edges)
        if view.zoom >= GRID_FROM:
            draw_grid(view, part, out)

    def _draw_previews(self, view: Viewport, part: Box, out: NDArray[np.uint8]) -> None:
        for box, pyramid in self._previews.items():
            x0, y0 = (math.floor(v + 0.5) for v in view.to_device(box[0], box[1]))
            x1, y1 = (math.floor(v + 0.5) for v in view.to_device(box[2], box[3]))
            shared = intersect(part, (x0, y0, x1, y1))
            if not is_empty(shared):
                rows = slice(shared[1] - part[1], shared[3] - part[1])
                columns = slice(shared[0] - part[0], shared[2] - part[0])
                put(out[rows, columns], pyramid, view, shared, (box[0], box[1]))

    def _draw_mask(self, view: Viewport, part: Box, out: NDArray[np.uint8], edges: NDArray[np.uint8]) -> None:
        # One pixel more on every side, so that an outline does not depend on where the part ends.
        wide = intersect((part[0] - 1, part[1] - 1, part[2] + 1, part[3] + 1), view.picture_box())
        for pyramid in (self._mask, self._hole):
            box = intersect(wide, shown_box(pyramid, view, wide)) if pyramid is not None else EMPTY
            inside = intersect(box, part)
            if pyramid is None or is_empty(inside):
                continue
            mask = sample(pyramid, view, box)
            inner = (
                slice(inside[1] - box[1], inside[3] - box[1]),
                slice(inside[0] - box[0], inside[2] - box[0]),
            )
            at = (
                slice(inside[1] - part[1], inside[3] - part[1]),
                slice(inside[0] - part[0], inside[2] - part[0]),
            )
            if self.outlined:
                edges[at] |= outline(mask)[inner]
            if pyramid is self._mask:
                tint(out[at], mask[inner], self.overlay_colour, self.overlay_opacity)
