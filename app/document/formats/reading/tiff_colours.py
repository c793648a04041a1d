"""From the samples of a TIFF page to RGB or RGBA: declared depths and ranges, palettes, alpha, inks, light."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.document.formats.sixteen_bit import unweight
from app.document.notes import About, Note
from app.document.pixels import Pixels, colour, icc

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, INKS, LAB = 0, 1, 2, 3, 5, 8
LOG_L, LOG_LUV = 32844, 32845
COLOURS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, PALETTE: 1, INKS: 4, LAB: 3, LOG_L: 1, LOG_LUV: 1}
"""Channels of the kinds of colours that are read here (PhotometricInterpretation)."""

_WEIGHTED, _STRAIGHT = 1, 2  # of ExtraSamples
_TOP = 65535
_BT709 = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])


@dataclass(frozen=True)
class Form:
    """What the tags say of the samples."""

    kind: int  # one of ``COLOURS``
    bits: int
    floating: bool
    extra: tuple[int, ...] = ()  # what the channels beyond the colours are
    palette: NDArray[np.uint16] | None = None  # (3, colours)
    white: float | None = None  # the value that means white, where a tag says so
    profile: bytes | None = None


@dataclass
class Colours:
    """What came of them."""

    pixels: Pixels  # (H, W, 3 or 4) uint8 or uint16
    grey: bool
    notes: list[Note] = field(default_factory=list)


def to_colours(values: NDArray[Any], form: Form) -> Colours:
    """RGB or RGBA of (H, W, channels) samples. Raises ``ValueError`` where they do not fit the form."""
    count, notes = COLOURS[form.kind], list[Note]()
    if values.ndim != 3 or values.shape[2] < count or not values.size:
        raise ValueError("too few channels")
    grey = form.kind in (WHITE_IS_ZERO, BLACK_IS_ZERO, LOG_L)
    if form.kind in (LOG_L, LOG_LUV):
        return Colours(_of_light(values[..., 0], form.kind), grey, [_light_note()])
    if form.kind == PALETTE:
        colours, scaled = _of_palette(values[..., 0], form.palette), None
    else:
        scaled = _scaled(values, form, notes)
        colours = scaled[..., :count]
    if form.kind == WHITE_IS_ZERO:
        colours = np.iinfo(colours.dtype).max - colours
    if form.kind in (INKS, LAB):
        colours = _converted(colours, form, notes)
    alpha = next((i for i, extra in enumerate(form.extra) if extra in (_WEIGHTED, _STRAIGHT)), None)
    if alpha is not None and count + alpha >= values.shape[2]:
        alpha = None
    spots = values.shape[2] - count - (alpha is not None)
    if spots > 0:
        what = "a further channel" if spots == 1 else f"{spots} further channels"
        text = f"It has {what} (spot colours or masks), which {'is' if spots == 1 else 'are'} not kept."
        notes.append(Note(About.CHANNELS, text, lost=True))
    out = np.empty((*colours.shape[:2], 3 if alpha is None else 4), colours.dtype)
    out[..., :3] = colours
    if alpha is not None:
        levels = _scaled(values, form, []) if scaled is None else scaled
        out[..., 3] = _at_depth(levels[..., count + alpha], out.dtype)
        if form.extra[alpha] == _WEIGHTED:
            out = _unweighted(out)
    return Colours(out, grey, notes)


# -- inside --------------------------------------------------------------------------------


def _scaled(values: NDArray[Any], form: Form, notes: list[Note]) -> Pixels:
    """uint8 for up to 8 bits, else uint16, with the whole range of what was declared."""
    if form.floating or values.dtype.kind == "f":
        notes.append(Note(About.DEPTH, "Its numbers were brought to 16 bits per channel.", lost=True))
        finite = np.nan_to_num(values.astype(np.float32), posinf=0.0, neginf=0.0)
        largest = float(finite.max(initial=0.0))
        white = form.white if form.white and largest <= form.white else _white_of_floats(finite)
        if float(finite.max(initial=0.0)) > white:
            notes.append(Note(About.DEPTH, "What is brighter than white was cut.", lost=True))
        return np.asarray(np.rint(np.clip(finite / white, 0.0, 1.0) * _TOP), np.uint16)
    if values.dtype.kind == "i":
        notes.append(Note(About.DEPTH, "Its signed numbers were brought to 16 bits per channel.", lost=True))
        top = 2.0 ** (form.bits - 1) - 1
        return _by_range(np.maximum(values, 0), form.white or _white_of_numbers(values, top))
    top = float(2**form.bits - 1)
    if form.bits <= 8:
        return values if form.bits == 8 else (values.astype(np.uint16) * 255 // int(top)).astype(np.uint8)
    if form.bits > 16:
        notes.append(Note(About.DEPTH, f"Its {form.bits} bits per channel were brought to 16 bits.", lost=True))
        return _by_range(values, form.white or _white_of_numbers(values, top))
    if form.bits < 16:
        notes.append(Note(About.DEPTH, f"Its {form.bits} bits per channel are held as 16."))
    if form.white and float(values.max(initial=0)) <= form.white < top:
        return _by_range(values, form.white)
    return values if form.bits == 16 else (values.astype(np.uint32) * _TOP // int(top)).astype(np.uint16)


def _by_range(values: NDArray[Any], white: float) -> NDArray[np.uint16]:
    return np.clip(np.floor(values.astype(np.float64) * (_TOP / white)), 0, _TOP).astype(np.uint16)


def _white_of_numbers(values: NDArray[Any], top: float) -> float:
    """The declared one, or that of fewer bits where all values are so low that nothing would be seen."""
    largest = float(values.max(initial=0))
    return next((white for white in (255.0, 65535.0) if largest <= white < top), top)


def _white_of_floats(values: NDArray[Any]) -> float:
    """1, unless most of what is not black is above: then the usual range that holds the largest."""
    largest = float(values.max(initial=0.0))
    if largest <= 1.0:
        return 1.0
    seen = values[values > 0]
    if float(np.median(seen)) <= 1.0:
        return 1.0
    return next((white for white in (255.0, 65535.0) if largest <= white), largest)


def _of_palette(indices: NDArray[Any], palette: NDArray[np.uint16] | None) -> Pixels:
    if palette is None or palette.size < 3:
        raise ValueError("no palette")
    table = palette.T if palette.max() < 256 else palette.T >> 8  # some wrote 8 bits
    return np.asarray(table.astype(np.uint8)[np.minimum(indices, len(table) - 1)])


def _converted(values: Pixels, form: Form, notes: list[Note]) -> Pixels:
    """CMYK or LAB as RGB."""
    mode, name = ("CMYK", "CMYK") if form.kind == INKS else ("LAB", "LAB")
    if values.dtype == np.uint16:
        notes.append(Note(About.DEPTH, "It was reduced to 8 bits per channel.", lost=True))
        values = (values >> 8).astype(np.uint8)
    fits = form.profile is not None and icc.space(form.profile) == mode
    way = " by its colour profile" if fits else ""
    notes.append(Note(About.COLOURS, f"It was converted from {name} to RGB{way}.", lost=True))
    if form.kind == LAB:
        values = values ^ np.array([0, 128, 128], np.uint8)
    height, width = values.shape[:2]
    image = Image.frombytes(mode, (width, height), np.ascontiguousarray(values).tobytes())
    return np.asarray(colour.inks_to_rgb(image, form.profile if fits else None))


def _of_light(values: NDArray[Any], kind: int) -> NDArray[np.uint16]:
    """sRGB of LogL16 or LogLuv32 (Ward, *LogLuv encoding*, 1998); light of 1 is white."""
    wide = values.astype(np.int64)
    level = (wide >> 16 if kind == LOG_LUV else wide) & 0x7FFF
    light = np.where(level == 0, 0.0, np.exp2((level + 0.5) / 256 - 64))
    if kind == LOG_L:
        linear = np.repeat(light[..., None], 3, axis=2)
    else:
        u, v = (((wide >> shift) & 0xFF) + 0.5 for shift in (8, 0))
        u, v = u / 410, v / 410
        below = 6 * u - 16 * v + 12
        x, y = 9 * u / below, np.maximum(4 * v / below, 1e-6)
        linear = np.stack([x / y * light, light, np.maximum(1 - x - y, 0) / y * light], axis=2) @ _BT709.T
    linear = np.clip(linear, 0.0, 1.0)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(encoded * _TOP), np.uint16)


def _light_note() -> Note:
    return Note(About.DEPTH, "Its logarithmic light was brought to 16 bits; what is brighter than white was cut.", True)


def _at_depth(values: Any, kind: np.dtype[Any]) -> Any:
    if values.dtype == kind:
        return values
    return values >> 8 if kind == np.uint8 else values.astype(np.uint16) * 257


def _unweighted(pixels: Pixels) -> Pixels:
    """With colours that were stored multiplied by alpha divided by it."""
    wide = pixels if pixels.dtype == np.uint16 else pixels.astype(np.uint16) * 257
    unweight(wide)
    return wide if pixels.dtype == np.uint16 else (wide // 257).astype(np.uint8)
