"""What the canvas shows, layer by layer, drawn into an array of device pixels."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from app.canvas.pyramid import Pyramid, premultiply
from app.canvas.viewport import GRID_FROM, SMOOTH_BELOW, Viewport
from app.document.boxes import EMPTY, Box, intersect, is_empty
from app.document.document import Document

OVERLAY = (0xFF, 0xCC, 0x00)
OVERLAY_OPACITY = 0.70  # until told otherwise
BACKGROUND = (0x1E, 0x1E, 0x1E)
_BACKGROUND_WORD = np.array((*BACKGROUND[::-1], 255), np.uint8).view(np.uint32)[0]
_OVERLAY_WORD = np.array((*OVERLAY[::-1], 255), np.uint8).view(np.uint32)[0]
_CHECKS = (0x99, 0x66)  # two greys under transparent pixels
_CHECK_SIZE = 8


class Scene:
    """A document, its picture before, an erase's hole and preview, ready to be drawn at any zoom."""

    def __init__(self) -> None:
        self.document: Document | None = None
        self.showing_before = False
        self.overlay_opacity = OVERLAY_OPACITY
        self._pixels: Pyramid | None = None
        self._mask: Pyramid | None = None
        self._before: Pyramid | None = None
        self._erased: NDArray[np.uint8] | None = None  # the mask being erased
        self._hole: Pyramid | None = None  # the part of it that previews take the place of
        self._previews: dict[Box, Pyramid] = {}  # the newest last

    def set_document(self, document: Document | None, pixels: Pyramid | None) -> None:
        """Show another document; ``pixels`` may be handed over ready made."""
        self.document = document
        self._before = self._erased = self._hole = None
        self._previews = {}
        self.showing_before = False
        self._pixels = self._mask = None
        if document is not None:
            ready = pixels is not None and pixels.base is document.pixels
            self._pixels = pixels if ready else Pyramid(document.pixels)
            self._mask = Pyramid(document.mask)

    def set_before(self, pixels: NDArray[np.uint8] | None) -> None:
        """The picture shown while comparing; None: the document's own pixels."""
        self._before = None if pixels is None else Pyramid(pixels)

    @property
    def has_before(self) -> bool:
        """Whether a picture to compare with was given for this document."""
        return self._before is not None

    def update(self, box: Box) -> None:
        """Take over what changed in the document inside ``box``."""
        if self.document is None or self._pixels is None or self._mask is None or is_empty(box):
            return
        if self._pixels.base is not self.document.pixels:
            self._pixels = Pyramid(self.document.pixels)
        self._pixels.update(box)
        self.update_mask(box)

    def update_mask(self, box: Box) -> None:
        """Take over what changed in the document's mask inside ``box``."""
        if self.document is None or self._mask is None or is_empty(box):
            return
        if self._hole is not None:
            x0, y0, x1, y1 = box
            self._mask.base[y0:y1, x0:x1] = self._painted_since(box)
        elif self._mask.base is not self.document.mask:
            self._mask = Pyramid(self.document.mask)
        self._mask.update(box)

    def set_hole(self, mask: NDArray[np.uint8] | None) -> None:
        """The mask being erased (the scene keeps it, so it must not change), or None when that is over."""
        self._erased, self._hole, self._previews = mask, None, {}
        if self.document is not None:
            self._mask = Pyramid(self.document.mask)

    def set_preview(self, box: Box, rgb: NDArray[np.uint8]) -> None:
        """Show ``rgb`` over the picture at ``box``, where it takes the place of the hole's overlay.

        Previews at other boxes stay: holes far apart are erased one after the other.
        """
        known = self._previews.pop(box, None) is not None
        self._previews[box] = Pyramid(rgb)
        if known or self.document is None or self._erased is None:
            return
        if self._hole is None:
            self._hole = Pyramid(np.zeros_like(self._erased))
            self._mask = Pyramid(self.document.mask.copy())
        x0, y0, x1, y1 = box
        self._hole.base[y0:y1, x0:x1] = self._erased[y0:y1, x0:x1]
        self._hole.update(box)
        self.update_mask(box)

    def _painted_since(self, box: Box) -> NDArray[np.uint8]:
        assert self.document is not None
        assert self._hole is not None
        x0, y0, x1, y1 = box
        mask, hole = self.document.mask[y0:y1, x0:x1], self._hole.base[y0:y1, x0:x1]
        _, keep = cv2.threshold(hole, 0, 255, cv2.THRESH_BINARY_INV)  # far quicker than numpy's where
        return np.asarray(cv2.bitwise_and(mask, keep), np.uint8)

    def draw(self, view: Viewport, rect: Box, out: NDArray[np.uint8], edges: NDArray[np.uint8]) -> None:
        """Draw the device pixels of ``rect``.

        ``out`` (h, w, 4) BGRX and ``edges`` (h, w), 255 on the mask's outline, are ``rect``'s own parts.
        """
        part = intersect(rect, view.picture_box())
        edges[...] = 0
        if part != rect:
            out.view(np.uint32)[...] = _BACKGROUND_WORD  # four times as quick as byte by byte
        if self._pixels is None or self._mask is None or is_empty(part):
            return
        inner = (slice(part[1] - rect[1], part[3] - rect[1]), slice(part[0] - rect[0], part[2] - rect[0]))
        out, edges = out[inner], edges[inner]
        before = self.showing_before
        pixels = self._before if before and self._before is not None else self._pixels
        _put(out, _sample(pixels, view, part), view, part)
        if not before:
            self._draw_previews(view, part, out)
            self._draw_mask(view, part, out, edges)
        if view.zoom >= GRID_FROM:
            _draw_grid(view, part, out)

    def _draw_previews(self, view: Viewport, part: Box, out: NDArray[np.uint8]) -> None:
        for box, pyramid in self._previews.items():
            x0, y0 = (math.floor(v + 0.5) for v in view.to_device(box[0], box[1]))
            x1, y1 = (math.floor(v + 0.5) for v in view.to_device(box[2], box[3]))
            shared = intersect(part, (x0, y0, x1, y1))
            if not is_empty(shared):
                rows = slice(shared[1] - part[1], shared[3] - part[1])
                columns = slice(shared[0] - part[0], shared[2] - part[0])
                _put(out[rows, columns], _sample(pyramid, view, shared, (box[0], box[1])), view, shared)

    def _draw_mask(self, view: Viewport, part: Box, out: NDArray[np.uint8], edges: NDArray[np.uint8]) -> None:
        assert self._mask is not None
        # One pixel more on every side, so that an outline does not depend on where the part ends.
        wide = intersect((part[0] - 1, part[1] - 1, part[2] + 1, part[3] + 1), view.picture_box())
        for pyramid in (self._mask, self._hole):
            box = intersect(wide, _shown_box(pyramid, view, wide)) if pyramid is not None else EMPTY
            inside = intersect(box, part)
            if pyramid is None or is_empty(inside):
                continue
            mask = _sample(pyramid, view, box)
            inner = (
                slice(inside[1] - box[1], inside[3] - box[1]),
                slice(inside[0] - box[0], inside[2] - box[0]),
            )
            at = (
                slice(inside[1] - part[1], inside[3] - part[1]),
                slice(inside[0] - part[0], inside[2] - part[0]),
            )
            edges[at] |= _outline(mask)[inner]
            if pyramid is self._mask:
                _tint(out[at], mask[inner], self.overlay_opacity)


def _way(pyramid: Pyramid, view: Viewport, part: Box, offset: tuple[int, int]) -> tuple[int, float, float, float]:
    """The level to use, its pixels per device pixel, and where in it the first device pixel's centre is."""
    left, top = view.corner
    index = pyramid.level_for(view.zoom)
    step = 1 / (view.zoom * 2**index)
    first_x = (part[0] + 0.5 - left) * step - offset[0] / 2**index
    return index, step, first_x, (part[1] + 0.5 - top) * step - offset[1] / 2**index


def _needed(source: NDArray[np.uint8], step: float, first_x: float, first_y: float, part: Box) -> Box:
    """The pixels of a level that the device pixels of ``part`` are made of; never empty."""
    height, width = source.shape[:2]
    x0 = min(max(0, math.floor(first_x) - 2), width - 1)
    y0 = min(max(0, math.floor(first_y) - 2), height - 1)
    x1 = min(width, math.ceil(first_x + (part[2] - part[0]) * step) + 2)
    y1 = min(height, math.ceil(first_y + (part[3] - part[1]) * step) + 2)
    return x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)


def _shown_box(mask: Pyramid, view: Viewport, part: Box) -> Box:
    """The device pixels around what is masked within ``part``."""
    index, step, first_x, first_y = _way(mask, view, part, (0, 0))
    x0, y0, x1, y1 = _needed(mask.level(index), step, first_x, first_y, part)
    x, y, width, height = cv2.boundingRect(mask.level(index)[y0:y1, x0:x1])
    if not width:
        return EMPTY
    # One level pixel more for the smoothing, one device pixel more for the outline.
    size = 2**index
    found = (
        (x0 + x - 1) * size,
        (y0 + y - 1) * size,
        (x0 + x + width + 1) * size,
        (y0 + y + height + 1) * size,
    )
    return view.device_box(found, 1)


def _tint(out: NDArray[np.uint8], mask: NDArray[np.uint8], opacity: float) -> None:
    """Lay the overlay's colour over BGRX pixels where the mask is."""
    weight = mask.astype(np.float32) * np.float32(opacity / 255)
    colour = np.empty(out.shape, np.uint8)
    colour.view(np.uint32)[...] = _OVERLAY_WORD
    out[...] = cv2.blendLinear(np.ascontiguousarray(out), colour, 1 - weight, weight)


def _sample(pyramid: Pyramid, view: Viewport, part: Box, offset: tuple[int, int] = (0, 0)) -> NDArray[np.uint8]:
    """The colours at the device pixels of ``part``; ``offset``: where in the picture the pyramid lies."""
    width, height = part[2] - part[0], part[3] - part[1]
    index, step, first_x, first_y = _way(pyramid, view, part, offset)
    source = pyramid.level(index)
    if view.zoom >= SMOOTH_BELOW:
        columns = np.floor(first_x + np.arange(width) * step).astype(np.intp).clip(0, source.shape[1] - 1)
        rows = np.floor(first_y + np.arange(height) * step).astype(np.intp).clip(0, source.shape[0] - 1)
        needed = source[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        if needed.ndim == 3 and needed.shape[2] == 4:
            needed = premultiply(needed)
        return needed.take(rows - rows[0], axis=0).take(columns - columns[0], axis=1)
    # Only the level's pixels that are needed: OpenCV's warp takes no source wider than 32767.
    x0, y0, x1, y1 = _needed(source, step, first_x, first_y, part)
    needed = source[y0:y1, x0:x1]
    if index == 0 and needed.ndim == 3 and needed.shape[2] == 4:
        needed = premultiply(needed)
    way = np.array([[step, 0, first_x - 0.5 - x0], [0, step, first_y - 0.5 - y0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    shown = cv2.warpAffine(needed, way, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(shown, np.uint8)


def _put(out: NDArray[np.uint8], colours: NDArray[np.uint8], view: Viewport, part: Box) -> None:
    """Write RGB, or premultiplied RGBA over checks, as BGRX."""
    if colours.shape[2] == 3:
        out[...] = cv2.cvtColor(colours, cv2.COLOR_RGB2BGRA)
        return
    left, top = view.corner  # the checks move with the picture
    rows = np.arange(part[1] - top, part[3] - top) // _CHECK_SIZE
    columns = np.arange(part[0] - left, part[2] - left) // _CHECK_SIZE
    checks = np.where((rows[:, None] + columns) % 2, *(np.uint8(grey) for grey in _CHECKS))
    under = cv2.multiply(checks, 255 - colours[..., 3], scale=1 / 255)
    out[..., :3] = cv2.add(np.ascontiguousarray(colours[..., 2::-1]), cv2.merge([under, under, under]))
    out[..., 3] = 255


def _outline(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    inside = ((mask > 127) * np.uint8(255)).astype(np.uint8)
    return inside - np.asarray(cv2.erode(inside, np.ones((3, 3), np.uint8)), np.uint8)


def _draw_grid(view: Viewport, part: Box, out: NDArray[np.uint8]) -> None:
    left, top = view.corner
    for axis, (start, stop, origin) in enumerate(((part[1], part[3], top), (part[0], part[2], left))):
        first, last = math.ceil((start - origin) / view.zoom), math.ceil((stop - origin) / view.zoom)
        lines = np.floor(origin + np.arange(first, last) * view.zoom + 0.5).astype(np.intp) - start
        lines = lines[(lines >= 0) & (lines < stop - start)]
        at = (lines, slice(None)) if axis == 0 else (slice(None), lines)
        out[at] = out[at] // 4 * 3 + 32
