"""A large region denoised again tile by tile at the model's own size, over what one coarse pass made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.erase.compositing import Preview, composite, lowpass
from inference.erase.denoising import SquareDenoiser
from inference.erase.geometry import RegionView, Square, feather, window
from inference.fill import resize

RGB = NDArray[np.uint8]
Float = NDArray[np.float32]


def refined_in_tiles(
    denoiser: SquareDenoiser,
    coarse: RGB,
    view: RegionView,
    whole: int,
    tiles: list[tuple[int, int]],
    side: int,
    on_step: Callable[[Preview | None], None],
) -> RGB:
    """``coarse``, the box's pixels, denoised again tile by tile; each tile continues those before it.

    ``whole``: the side in pixels that the region is brought to; ``tiles``: corners ``(y, x)`` there of squares of
    ``side`` pixels. ``on_step`` is given every step's preview, None where none was drawn, and may raise to stop.
    """
    scale = whole / view.region.side
    height, width = (round(n * scale) for n in view.pixels.shape[:2])
    original = np.asarray(resize(view.pixels, (height, width)))
    x0, y0, x1, y1 = (round(n * scale) for n in view.own)
    hole = view.hole_at((height, width))
    canvas = original.copy()
    part = window((x0, y0, x1, y1))
    canvas[part][hole[part]] = np.asarray(resize(coarse, (y1 - y0, x1 - x0)))[hole[part]]
    for y, x in tiles:
        place = slice(y, y + side), slice(x, x + side)
        before = canvas[place].astype(np.float32)
        edges = y == 0, y + side == height, x == 0, x + side == width
        share = (feather(side, edges) * hole[place])[..., None]

        def blended(made: Float, before: Float = before, share: Float = share) -> RGB:
            toned = made + lowpass(before - made, side / 16)  # its tones are the coarse pass's
            return np.clip(np.rint(before + (toned - before) * share), 0, 255).astype(np.uint8)

        def report(_index: int, made: Float | None, y: int = y, x: int = x, blended: Any = blended) -> None:
            on_step(None if made is None else _tile_preview(view, blended(made), (x, y), scale))

        made = denoiser.run(Square(original[place], canvas[place], hole[place]), report)
        canvas[place] = blended(made)
    return np.asarray(resize(canvas[part], coarse.shape[:2]), dtype=np.uint8)


def _tile_preview(view: RegionView, rgb: RGB, corner: tuple[int, int], scale: float) -> Preview:
    """A tile at ``corner (x, y)`` of the scaled view, where the picture may change."""
    start = [view.inside[i] + round(corner[i] / scale) for i in (0, 1)]
    end = [min(start[i] + round(rgb.shape[0] / scale), view.inside[i + 2]) for i in (0, 1)]
    enlarged = np.asarray(resize(rgb, (end[1] - start[1], end[0] - start[0])))
    box = max(start[0], view.box[0]), max(start[1], view.box[1]), min(end[0], view.box[2]), min(end[1], view.box[3])
    picture = view.pixels[window(box, view.inside[:2])]
    alpha = view.alpha[window(box, view.box[:2])]
    return Preview(box, composite(picture, enlarged[window(box, (start[0], start[1]))], alpha))
