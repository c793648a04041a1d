"""A mask of any picture that people have one in: two values, labels, colours, alpha, grey by its values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.document.formats.sixteen_bit import TURNS
from app.document.notes import About, Note
from app.document.pixels import Picture, Pixels, to_8_bit

Levels = NDArray[np.uint8]

_LOSSY = ("JPEG", "WEBP", "AVIF", "HEIF")
_NOISE = 16  # of 255: what compression with losses leaves around black and white
_FEW = 64  # values or colours that labels may have
_FAINT = 0.05  # of white: values of labels, not of softness
_EDGES = 0.25  # of the pixels of labels may have another neighbour: softness has many more
_OPAQUE = 0.98
_ODD = 1e-4  # of the pixels may have an alpha that means nothing
_GREY = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Mask:
    """What is to be erased, and how the file was understood where that is not plain."""

    values: Levels  # (H, W): 0 keep to 255 erase
    notes: tuple[Note, ...] = ()


def mask_of(picture: Picture) -> Mask:
    """The mask that a picture is.

    Two values of whatever size: the higher erases. Several flat labels or colours: all but the background. Greys
    blend by their values. Alpha counts in a layer of one colour, where what is opaque erases, and in a photo with a
    hole, where the hole does.
    """
    if picture.has_alpha:
        found = _by_alpha(picture)
        if found is not None:
            return found
    colours = picture.rgb
    lossy = picture.format in _LOSSY and not picture.lossless
    if picture.grey or _is_grey(colours, _NOISE if lossy else 0):
        return _told(_of_greys(np.ascontiguousarray(colours[..., 1]), lossy))
    return _told(_of_colours(to_8_bit(np.ascontiguousarray(colours)), lossy))


def placed(mask: Mask, size: tuple[int, int], orientation: int, own: int = 1) -> Mask:
    """The mask upright, for a picture of upright ``size`` (width, height) that EXIF's ``orientation`` turned.

    One of the size of the stored pixels is turned as the picture is. ``own`` is the mask's own orientation, applied
    already: it says that its writer minded such things.
    """
    height, width = mask.values.shape
    if orientation == 1 or own != 1:
        return mask
    if orientation >= 5 and (width, height) != size and (height, width) == size:
        text = "The picture is turned by its EXIF data; the mask lies on it as it is stored, and was turned, too."
        turned = np.ascontiguousarray(TURNS[orientation](mask.values))
        return Mask(turned, (*mask.notes, Note(About.MASK, text)))
    if (width, height) != size or (orientation >= 5 and width != height):
        return mask
    text = (
        "The picture is turned by its EXIF data; the mask is taken to be drawn on the upright picture. "
        "If it was drawn on the stored pixels, turn it first."
    )
    return Mask(mask.values, (*mask.notes, Note(About.MASK, text)))


def sizes_differ(name: str, own: tuple[int, int], size: tuple[int, int], orientation: int = 1) -> str:
    """The sentence on a mask of the wrong size."""
    turned = " (turned upright, as its EXIF data says)" if orientation >= 5 else ""
    return (
        f'The mask "{name}" is {own[0]} x {own[1]} pixels but the picture is {size[0]} x {size[1]}{turned}; '
        "they must be the same size."
    )


# -- inside --------------------------------------------------------------------------------


def _by_alpha(picture: Picture) -> Mask | None:
    """None where alpha says nothing and the colours count."""
    alpha = to_8_bit(np.ascontiguousarray(picture.pixels[..., 3]))
    clear = alpha < 255 * _OPAQUE
    share = float(clear.mean())
    if share == 0.0:
        return None
    shown = alpha > 127
    colours = to_8_bit(np.ascontiguousarray(picture.rgb))[shown if shown.any() else alpha >= 0]
    flat = bool((np.ptp(colours.astype(np.int16), axis=0) <= _NOISE).all())
    if not flat:
        greys = colours.max(axis=1)
        extreme = float(((greys <= _NOISE) | (greys >= 255 - _NOISE)).mean())
        if extreme > 0.9 and int(np.ptp(greys)) > 200 and _is_grey(colours[None], _NOISE):
            return None if share <= _ODD else _told(Mask(_weighed(picture, alpha)))
        if share <= _ODD and not picture.grey and len(np.unique(colours, axis=0)) <= _FEW:
            return None
    if float(shown.mean()) <= 0.5:
        what = "" if flat else "The mask is a picture on a transparent ground: what is opaque in it is erased."
        return Mask(alpha, (Note(About.MASK, what),) if what else ())
    what = "of one colour" if flat else "a picture"
    text = f"The mask is {what} with a transparent part: that part is erased. Invert it if the rest was meant."
    return Mask(255 - alpha, (Note(About.MASK, text),))


def _weighed(picture: Picture, alpha: Levels) -> Levels:
    """Brightness of black and white with alpha: what is clear is kept."""
    bright = to_8_bit(np.ascontiguousarray(picture.pixels[..., 1])).astype(np.uint16)
    return (bright * alpha // 255).astype(np.uint8)


def _is_grey(colours: Pixels, tolerance: int) -> bool:
    off = tolerance * (257 if colours.dtype == np.uint16 else 1)
    for row in range(0, len(colours), 256):
        band = colours[row : row + 256].astype(np.int32)
        if int(np.abs(band - band[..., 1:2]).max(initial=0)) > 2 * off:
            return False
    return True


def _of_greys(values: Pixels, lossy: bool) -> Mask:
    top = int(np.iinfo(values.dtype).max)
    if lossy:
        return Mask(_snapped(to_8_bit(values)))
    counts = np.bincount(values.ravel(), minlength=2)
    levels = np.flatnonzero(counts)
    if len(levels) == 1:
        return Mask(np.full(values.shape, 255 if levels[0] else 0, np.uint8))
    if len(levels) == 2:
        return Mask(np.where(values == levels[1], 255, 0).astype(np.uint8))
    highest, lowest = int(levels[-1]), int(levels[levels > 0][0])
    if len(levels) <= _FEW and (highest < top or lowest < _FAINT * top) and _is_flat(values):
        ground = 0 if levels[0] == 0 else _of_border(values)
        kinds = len(levels) - 1
        text = f"The mask has {kinds} labels beside its ground: all of them are erased."
        return Mask(np.where(values == ground, 0, 255).astype(np.uint8), (Note(About.MASK, text),))
    if highest < top / 2:
        text = f"The mask is {100 * highest / top:.0f} % bright at the most: it erases only so much."
        return Mask(to_8_bit(values), (Note(About.MASK, text),))
    return Mask(to_8_bit(values))


def _of_colours(colours: Levels, lossy: bool) -> Mask:
    brightest = colours.max(axis=2)
    if lossy and _of_border(brightest) <= _NOISE:
        text = "The mask has colours: what is not black in it is erased."
        return Mask(_snapped(brightest), (Note(About.MASK, text),))
    packed = colours.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    kinds = np.unique(packed)
    if len(kinds) <= _FEW:
        ground = 0 if kinds[0] == 0 else _of_border(packed)
        name = "black" if ground == 0 else f"#{int(ground):06x}"
        text = f"The mask has {len(kinds)} colours: all but its ground ({name}) are erased."
        return Mask(np.where(packed == ground, 0, 255).astype(np.uint8), (Note(About.MASK, text),))
    if _of_border(packed) == 0:
        return Mask(brightest)
    text = "The mask has colours as a photo has: their brightness is taken for what to erase."
    bright = np.rint(colours.astype(np.float32) @ _GREY).astype(np.uint8)
    return Mask(bright, (Note(About.MASK, text),))


def _told(mask: Mask) -> Mask:
    """With a note where most of the picture would go: people's conventions differ."""
    share = float((mask.values > 127).mean())
    if not 0.5 < share < 1.0:
        return mask
    text = f"The mask erases {100 * share:.0f} % of the picture (white erases); invert it if black was meant."
    return Mask(mask.values, (*mask.notes, Note(About.MASK, text)))


def _snapped(values: Levels) -> Levels:
    """Black and white without the noise of compression."""
    out = values.copy()
    out[values <= _NOISE] = 0
    out[values >= 255 - _NOISE] = 255
    return out


def _is_flat(values: Pixels) -> bool:
    """Whether values lie in patches with hard edges."""
    inside = int(np.count_nonzero(values))
    edges = sum(int(np.count_nonzero(np.diff(values.astype(np.int32), axis=axis))) for axis in (0, 1))
    return edges / 2 < _EDGES * max(inside, 1)


def _of_border(values: NDArray[Any]) -> int:
    """The value that the border has most of."""
    border = np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
    kinds, counts = np.unique(border, return_counts=True)
    return int(kinds[counts.argmax()])
