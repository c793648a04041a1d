"""Reading ICC profiles: colour space, primaries, tone curves (ICC.1:2022, sections 7 and 10)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

_HEADER = 128
_FINE = np.linspace(0.0, 1.0, 65536)


@dataclass(frozen=True, eq=False)
class Shaper:
    """A profile of tone curves and a matrix: linear light is ``curve(value)``, XYZ is ``matrix @ light``."""

    matrix: Float  # (3, 3) to XYZ at D50, a column for each primary; (1, 1) of one for grey
    curves: tuple[Float, ...]  # (65536,) each, linear light 0..1 of values 0..1


def space(profile: bytes) -> str:
    """The colour space a profile is for: "RGB", "GRAY", "CMYK", "LAB" ..., "" for a damaged one."""
    if len(profile) < _HEADER or profile[36:40] != b"acsp":
        return ""
    return profile[16:20].decode("ascii", "replace").strip().upper()


def shaper(profile: bytes) -> Shaper | None:
    """The curves and the matrix of an RGB or grey profile; None for one of tables, or a damaged one."""
    try:
        tags = _tags(profile)
        if space(profile) == "GRAY":
            return Shaper(np.ones((1, 1)), (_curve(tags["kTRC"]),))
        if any(name in tags for name in ("A2B0", "A2B1", "D2B1")):
            return None  # the tables count where there are any
        matrix = np.stack([_xyz(tags[name]) for name in ("rXYZ", "gXYZ", "bXYZ")], axis=1)
        if abs(float(np.linalg.det(matrix))) < 1e-6:
            return None
        return Shaper(matrix, tuple(_curve(tags[name]) for name in ("rTRC", "gTRC", "bTRC")))
    except (KeyError, IndexError, ValueError, struct.error, OverflowError):
        return None


def inverse(curve: Float, at: Float) -> Float:
    """Values 0..1 whose linear light by ``curve`` is ``at``, any shape."""
    rising = np.maximum.accumulate(curve)
    return np.interp(at, rising, _FINE)


def _tags(profile: bytes) -> dict[str, bytes]:
    (count,) = struct.unpack_from(">L", profile, _HEADER)
    if count > 1000:
        raise ValueError("too many tags")
    tags = {}
    for index in range(count):
        name, start, length = struct.unpack_from(">4sLL", profile, _HEADER + 4 + 12 * index)
        tags[name.decode("latin-1")] = profile[start : start + length]
    return tags


def _xyz(tag: bytes) -> Float:
    if tag[:4] != b"XYZ ":
        raise ValueError("not a colour")
    return np.array(struct.unpack_from(">3l", tag, 8)) / 65536


def _curve(tag: bytes) -> Float:
    """The curve's value at 65536 places (10.6 curveType, 10.18 parametricCurveType)."""
    x, kind = _FINE, tag[:4]
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        if kind == b"curv":
            (count,) = struct.unpack_from(">L", tag, 8)
            if count == 0:
                y = x
            elif count == 1:
                y = x ** (struct.unpack_from(">H", tag, 12)[0] / 256)
            else:
                table = np.frombuffer(tag, ">u2", count, 12) / 65535
                y = np.interp(x, np.linspace(0, 1, count), table)
        elif kind == b"para":
            (form,) = struct.unpack_from(">H", tag, 8)
            p = np.array(struct.unpack_from(f">{(1, 3, 4, 5, 7)[form]}l", tag, 12)) / 65536
            y = _parametric(form, p, x)
        else:
            raise ValueError(f"no curve: {kind!r}")
    if not np.isfinite(y).all() or y[-1] - y[0] < 1e-3:
        raise ValueError("a curve of no use")
    return np.clip(y, 0.0, 1.0)


def _parametric(form: int, p: Float, x: Float) -> Float:
    values = [float(value) for value in p] + [0.0] * 7
    g, a, b, c, d, e, f = values[:7]
    if form == 0:
        y = x**g
    else:
        above = np.maximum(a * x + b, 0.0) ** g
        if form == 1:
            y = np.where(x >= -b / a, above, 0.0)
        elif form == 2:
            y = np.where(x >= -b / a, above + c, c)
        elif form == 3:
            y = np.where(x >= d, above, c * x)
        else:
            y = np.where(x >= d, above + e, c * x + f)
    return np.asarray(y, np.float64)
