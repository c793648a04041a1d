"""Compositing: a model's result laid into a picture of any depth and colour space; the rest stays bit by bit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from app.document.editing.transparency import composed_alpha
from app.document.pixels import PLAIN_GREY, Box, Colours, Picture, Pixels, colours_of, crop, to_srgb

_ROWS = 256


class SixteenBitValuesLike(Protocol):
    """A result before it is laid into the picture."""

    @property
    def colours(self) -> NDArray[np.uint16]: ...  # (h, w, 3) sRGB
    @property
    def share(self) -> NDArray[np.float32]: ...  # (h, w), 0: the picture's own pixel .. 1: the result's


class PatchLike(Protocol):
    """New pixels for one box of the picture: in sRGB as the model saw it, or of the picture's own depth.

    ``sixteen_bit``, where there is one, is a ``SixteenBitValuesLike``.
    """

    @property
    def box(self) -> Box: ...
    @property
    def rgb(self) -> Pixels: ...  # (y1 - y0, x1 - x0, 3)


def needs_sixteen_bits(picture: Picture) -> bool:
    """Whether a result of 8 bits in sRGB would be coarser than the picture, or alpha needs the result's share."""
    return picture.depth == 16 or picture.has_alpha or colours_of(picture) not in (None, PLAIN_GREY)


def put_in(picture: Picture, patches: Iterable[PatchLike], mask: NDArray[np.uint8]) -> None:
    """Lay patches into a picture's pixels, in place; they were made for ``mask`` (H, W), of ``model_view`` of it."""
    for patch in patches:
        new = composed(picture, patch, mask)
        crop(picture.pixels, patch.box)[..., : new.shape[2]] = new


def composed(picture: Picture, patch: PatchLike, mask: NDArray[np.uint8]) -> Pixels:
    """The picture's colours in the patch's box with the patch in them; nothing is written to.

    (h, w, 3), or with alpha (h, w, 4) where some of it is transparent there: it is filled inside ``mask`` (H, W).
    """
    colours, original = colours_of(picture), crop(picture.pixels, patch.box)[..., :3]
    sixteen_bit: SixteenBitValuesLike | None = getattr(patch, "sixteen_bit", None)
    if sixteen_bit is None and patch.rgb.dtype == picture.pixels.dtype and colours is None:
        return patch.rgb
    out = np.array(original)
    for row in range(0, len(out), _ROWS):
        rows = slice(row, row + _ROWS)
        if sixteen_bit is None:
            _replace_changed(out[rows], patch.rgb[rows], colours)
        else:
            _blend(out[rows], sixteen_bit.colours[rows], sixteen_bit.share[rows], colours)
    alpha = (
        None
        if sixteen_bit is None
        else composed_alpha(picture, patch.box, crop(mask, patch.box) > 0, sixteen_bit.share)
    )
    return out if alpha is None else np.dstack([out, alpha])


def _blend(out: Pixels, result: NDArray[np.uint16], share: NDArray[np.float32], colours: Colours | None) -> None:
    weight = share[..., None]
    values = _own_colours(result, colours)
    own = out.astype(np.float32)
    if out.dtype == np.uint8:
        values /= 257
    values -= own
    values *= weight
    values += own
    _write(out, values, share > 0)


def _replace_changed(out: Pixels, rgb: Pixels, colours: Colours | None) -> None:
    """Take over only what differs from the picture as the model saw it."""
    shown = to_srgb(np.ascontiguousarray(out), colours)
    changed = (shown != rgb).any(axis=2)
    if changed.any():
        values = _own_colours(rgb.astype(np.uint16) * 257, colours)
        if out.dtype == np.uint8:
            values /= 257
        _write(out, values, changed)


def _own_colours(srgb: NDArray[np.uint16], colours: Colours | None) -> NDArray[np.float32]:
    return srgb.astype(np.float32) if colours is None else colours.back(srgb)


def _write(out: Pixels, values: NDArray[np.float32], where: NDArray[np.bool_]) -> None:
    top: Any = np.iinfo(out.dtype).max
    np.copyto(out, np.clip(np.rint(values), 0, top).astype(out.dtype), where=where[..., None])
