"""From a picture's own colour space to sRGB and back: for the screen, for the model, and for its result.

Profiles of curves and a matrix, which nearly all are, are calculated here: to the screen by tables of 16 bits, back
at 16 bits with an error below one of 65535 levels in most of the range. Profiles of tables go through LittleCMS,
which Pillow calls with 8 bits: to the screen directly; back by interpolating between 52 x 52 x 52 colours, so that
what is smooth stays smooth, right to about half of one of 255 levels.
"""

from __future__ import annotations

import contextlib
import io
from functools import lru_cache
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from app.document.pixels import icc
from app.document.pixels.picture import Picture, to_8_bit
from app.document.pixels.storage import Pixels

Float = NDArray[np.float32]

_ROWS = 256
_FEW = 32  # profiles kept ready
_STEP = 5  # of 255: the distance of the colours tables are sampled at
_CLOSE = 2  # of 255: profiles that differ less from sRGB are sRGB
_WRONG = 6  # of 255: what a colour may be off after going there and back
_GREY = np.array([0.299, 0.587, 0.114], np.float32)  # as Pillow and OpenCV weigh colours


class Colours(Protocol):
    """The way between a colour space and sRGB."""

    def to_srgb(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """sRGB of (H, W, 3) values in the picture's space."""
        ...

    def back(self, srgb: NDArray[np.uint16]) -> Float:
        """Values 0..65535 in the picture's space of (H, W, 3) sRGB ones; all three equal where it is grey."""
        ...


def colours_of(picture: Picture) -> Colours | None:
    """How the picture's colours become sRGB and back; None where they are sRGB already."""
    if picture.icc_profile is None:
        return PLAIN_GREY if picture.grey else None
    found = _colours(picture.icc_profile)
    return PLAIN_GREY if found is None and picture.grey else found


def usable(profile: bytes) -> bool:
    """Whether colours can be brought to sRGB by this RGB or grey profile, and back again."""
    return _space_fits(profile) and (_is_srgb(profile) or _colours(profile) is not None)


def to_srgb(pixels: Pixels, colours: Colours | None) -> NDArray[np.uint8]:
    """What (H, W, 3 or 4) pixels look like in sRGB, 8 bits, with the same alpha; perhaps ``pixels`` itself."""
    shown = to_8_bit(pixels)
    if colours is None or colours is PLAIN_GREY:
        return shown
    if shown.shape[2] == 3:
        return colours.to_srgb(shown)
    out = np.empty_like(shown)
    out[..., :3] = colours.to_srgb(np.ascontiguousarray(shown[..., :3]))
    out[..., 3] = shown[..., 3]
    return out


def srgb_pixels(picture: Picture) -> NDArray[np.uint8]:
    """The picture in sRGB as a model wants it: (H, W, 3) uint8, C-contiguous, nobody else's."""
    colours, out = colours_of(picture), np.empty((picture.height, picture.width, 3), np.uint8)
    for row in range(0, picture.height, _ROWS):
        rows = slice(row, row + _ROWS)
        out[rows] = to_srgb(np.ascontiguousarray(picture.rgb[rows]), colours)
    return out


def as_srgb(picture: Picture) -> NDArray[Any]:
    """All pixels (H, W, 3 or 4) in sRGB, in 8 bits where they must be converted; else as they are."""
    colours = colours_of(picture)
    if colours is None or colours is PLAIN_GREY:
        return picture.pixels
    return np.concatenate([to_srgb(picture.pixels[y : y + _ROWS], colours) for y in range(0, picture.height, _ROWS)])


def inks_to_rgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """An image of any mode in RGB: by its own profile to sRGB where one is given and fits, else plainly."""
    if profile is not None:
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            found = ImageCms.applyTransform(image, _transform(profile, None, image.mode, "RGB"))
            if found is not None:
                return found
    if image.mode == "LAB":  # Pillow has no plain conversion
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
        assert converted is not None  # only in-place conversions answer None
        return converted
    return image if image.mode == "RGB" else image.convert("RGB")


# -- the ways ------------------------------------------------------------------------------


class _PlainGrey:
    """Grey values that are sRGB's own."""

    def to_srgb(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return rgb

    def back(self, srgb: NDArray[np.uint16]) -> Float:
        return _three(srgb.astype(np.float32) @ _GREY)


PLAIN_GREY = _PlainGrey()


class _Matrix:
    """A space of curves and a matrix."""

    def __init__(self, shaper: icc.Shaper) -> None:
        srgb = _srgb()
        there = np.linalg.inv(srgb.matrix) @ shaper.matrix
        self._there, self._back = there.astype(np.float32), np.linalg.inv(there).astype(np.float32)
        steps = np.linspace(0, 65535, 256).round().astype(int)
        tables = [np.rint(curve[steps] * 65535) for curve in shaper.curves]
        self._light = np.stack(tables, axis=1).astype(np.uint16).reshape(256, 1, 3)
        self._encode = np.rint(icc.inverse(srgb.curves[0], _ramp()) * 255).astype(np.uint8)
        self._decode = srgb.curves[0].astype(np.float32)
        # Entries at the squares of even steps: dark values, where curves are steep, are far apart then.
        self._inverse = [(icc.inverse(curve, _ramp() ** 2) * 65535).astype(np.float32) for curve in shaper.curves]

    def to_srgb(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        light = cv2.transform(cv2.LUT(rgb, self._light), self._there)
        return np.asarray(cv2.LUT(light, self._encode), np.uint8)

    def back(self, srgb: NDArray[np.uint16]) -> Float:
        light = cv2.transform(self._decode[srgb], self._back)
        np.clip(light, 0.0, 1.0, out=light)
        where = np.rint(np.sqrt(light) * 65535).astype(np.uint16)
        return np.stack([table[where[..., i]] for i, table in enumerate(self._inverse)], axis=2)


class _Grey:
    """Grey values with a curve of their own."""

    def __init__(self, shaper: icc.Shaper) -> None:
        srgb = _srgb()
        (curve,) = shaper.curves
        steps = np.linspace(0, 65535, 256).round().astype(int)
        self._shown = np.rint(icc.inverse(srgb.curves[0], curve[steps]) * 255).astype(np.uint8)
        self._decode = srgb.curves[0].astype(np.float32)
        self._weights = srgb.matrix[1].astype(np.float32)  # of the light's brightness, Y
        self._inverse = (icc.inverse(curve, _ramp() ** 2) * 65535).astype(np.float32)

    def to_srgb(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.asarray(cv2.LUT(rgb, self._shown), np.uint8)

    def back(self, srgb: NDArray[np.uint16]) -> Float:
        light = np.clip(self._decode[srgb] @ self._weights, 0.0, 1.0)
        return _three(self._inverse[np.rint(np.sqrt(light) * 65535).astype(np.uint16)])


class _Tables:
    """A space of tables, by LittleCMS."""

    def __init__(self, profile: bytes) -> None:
        self._there = _transform(profile, None, "RGB", "RGB")
        lattice = _apply(_transform(None, profile, "RGB", "RGB"), _lattice())
        side = 255 // _STEP + 1
        self._table = lattice.reshape(side, side, side, 3).astype(np.float32) * 257

    def to_srgb(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return _apply(self._there, rgb)

    def back(self, srgb: NDArray[np.uint16]) -> Float:
        out = np.empty(srgb.shape, np.float32)
        for row in range(0, len(srgb), _ROWS):
            out[row : row + _ROWS] = self._between(srgb[row : row + _ROWS])
        return out

    def _between(self, srgb: NDArray[np.uint16]) -> Float:
        """Linear interpolation between the eight colours around each."""
        at = srgb.astype(np.float32) / (257 * _STEP)
        low = np.minimum(at.astype(np.intp), len(self._table) - 2)
        share = at - low
        total = np.zeros(srgb.shape, np.float32)
        for corner in range(8):
            bits = [(corner >> i) & 1 for i in range(3)]
            sides = [share[..., i] if bit else 1 - share[..., i] for i, bit in enumerate(bits)]
            weight = sides[0] * sides[1] * sides[2]
            total += self._table[tuple(low[..., i] + bits[i] for i in range(3))] * weight[..., None]
        return total


# -- finding them --------------------------------------------------------------------------


@lru_cache(_FEW)
def _colours(profile: bytes) -> Colours | None:
    """The way for a profile; None where it is sRGB's or of no use."""
    if not _space_fits(profile) or _is_srgb(profile):
        return None
    shaper = icc.shaper(profile)
    if icc.space(profile) == "GRAY":
        return None if shaper is None else _Grey(shaper)
    try:
        if shaper is not None:
            return _Matrix(shaper)
        tables = _Tables(profile)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    return tables if _comes_back(tables) else None


def _comes_back(colours: Colours) -> bool:
    """Whether greys, which every space holds, survive the way back and there."""
    ramp = np.repeat(np.arange(32, 256, dtype=np.uint8)[None, :, None], 3, axis=2)
    values = np.clip(np.rint(colours.back(ramp.astype(np.uint16) * 257) / 257), 0, 255).astype(np.uint8)
    return bool(np.abs(colours.to_srgb(values).astype(int) - ramp).mean() <= _WRONG)


def _space_fits(profile: bytes) -> bool:
    return icc.space(profile) in ("RGB", "GRAY")


@lru_cache(_FEW)
def _is_srgb(profile: bytes) -> bool:
    if icc.space(profile) != "RGB":
        return False
    try:
        there = _apply(_transform(profile, None, "RGB", "RGB"), _lattice())
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return False
    return bool(np.abs(there.astype(int) - _lattice()).max() <= _CLOSE)


@lru_cache(1)
def _srgb() -> icc.Shaper:
    found = icc.shaper(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    assert found is not None
    return found


def _transform(source: bytes | None, target: bytes | None, mode: str, to: str) -> ImageCms.ImageCmsTransform:
    """None stands for sRGB. Raises ``ImageCms.PyCMSError``."""
    ends: list[Any] = [
        ImageCms.createProfile("sRGB") if data is None else ImageCms.ImageCmsProfile(io.BytesIO(data))
        for data in (source, target)
    ]
    intent, flags = ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION
    return ImageCms.buildTransform(ends[0], ends[1], mode, to, intent, flags=flags)


def _apply(transform: ImageCms.ImageCmsTransform, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    found = ImageCms.applyTransform(Image.fromarray(rgb), transform)
    assert found is not None  # only in-place conversions answer None
    return np.asarray(found)


@lru_cache(1)
def _lattice() -> NDArray[np.uint8]:
    """Colours evenly through the cube, red changing slowest, (52, 2704, 3)."""
    steps = np.arange(0, 256, _STEP, dtype=np.uint8)
    grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)
    return np.ascontiguousarray(grid.reshape(len(steps), -1, 3))


@lru_cache(1)
def _ramp() -> NDArray[np.float64]:
    return np.linspace(0.0, 1.0, 65536)


def _three(values: NDArray[Any]) -> Float:
    return np.repeat(values.astype(np.float32)[..., None], 3, axis=2)
