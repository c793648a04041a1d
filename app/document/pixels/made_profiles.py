"""ICC profiles of what files say in numbers instead: primaries and transfer curves (ITU-T H.273, PNG's gAMA and cHRM).

Light beyond the screen's, of PQ and HLG, is toned by the profile's curve: below half of white as it is, above along a
logarithm that ends at the brightest. The curve only rises, so that a result finds its way back.
"""

from __future__ import annotations

import struct
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Chromaticities = tuple[float, float, float, float, float, float, float, float]
"""x and y of white, red, green and blue."""

SRGB: Chromaticities = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
PQ, HLG = 16, 18

# By number of H.273, table 2.
_PRIMARIES: dict[int, Chromaticities] = {
    1: SRGB,
    4: (0.310, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (0.3127, 0.3290, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: (0.3127, 0.3290, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    7: (0.3127, 0.3290, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    8: (0.310, 0.316, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049),
    9: (0.3127, 0.3290, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    22: (0.3127, 0.3290, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077),
}
# Table 3: sRGB's own, and those of television, which pictures are made on screens like sRGB's with.
_LIKE_SRGB = (1, 2, 6, 7, 11, 12, 13, 14, 15)
_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0, 17: 2.6}
_ENTRIES = 4096
_WHITE_NITS = 203.0  # BT.2408: what paper is in an HDR picture
_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_KNEE = 0.5


@lru_cache(32)
def from_cicp(primaries: int, transfer: int, *, grey: bool = False) -> bytes | None:
    """The profile for code points of H.273; None where they say sRGB, or nothing that is known."""
    found = _PRIMARIES.get(primaries, SRGB)
    curve = _curve(transfer)
    if curve is None or (transfer in _LIKE_SRGB and (found is SRGB or grey)):
        return None
    return made_profile(found, curve, f"CICP {primaries}/{transfer}", grey=grey)


@lru_cache(32)
def from_gamma(exponent: float | None, chromaticities: Chromaticities | None, *, grey: bool = False) -> bytes | None:
    """The profile for PNG's gAMA (0.45455: about sRGB's) and cHRM; None where they say sRGB, or no sense.

    A gAMA close to sRGB's is taken for sRGB's curve, as everywhere.
    """
    found = SRGB if chromaticities is None else chromaticities
    near = np.abs(np.subtract(found, SRGB)).max() < 0.01
    usual = exponent is None or 0.43 <= exponent <= 0.48
    if (usual and (near or grey)) or (exponent is not None and not 0.1 <= exponent <= 5.0):
        return None
    x = np.linspace(0.0, 1.0, _ENTRIES)
    curve = x ** (1 / exponent) if exponent is not None and not (usual and near) else _srgb(x)
    try:
        return made_profile(found, curve, "PNG gamma and chromaticities", grey=grey)
    except (np.linalg.LinAlgError, ValueError):
        return None


def made_profile(colours: Chromaticities, curve: Float, name: str, *, grey: bool = False) -> bytes:
    """An ICC profile (version 4.3, of a display) of primaries and one curve of light, 0 to 1 at even steps.

    Raises ``ValueError`` for colours that span nothing.
    """
    white = _xyz(*colours[:2])
    adapt = np.linalg.inv(_BRADFORD) @ np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white)) @ _BRADFORD
    table = b"curv" + struct.pack(">LL", 0, len(curve)) + np.rint(np.clip(curve, 0, 1) * 65535).astype(">u2").tobytes()
    tags = [
        (b"desc", _text(name)),
        (b"cprt", _text("No copyright")),
        (b"wtpt", b"XYZ " + struct.pack(">L3l", 0, *_fixed(_D50))),
        (b"chad", b"sf32" + struct.pack(">L9l", 0, *_fixed(adapt))),
    ]
    if grey:
        tags.append((b"kTRC", table))
    else:
        primaries = np.stack([_xyz(*colours[i : i + 2]) for i in (2, 4, 6)], axis=1)
        if abs(float(np.linalg.det(primaries))) < 1e-4:
            raise ValueError("no colours")
        matrix = adapt @ primaries @ np.diag(np.linalg.solve(primaries, white))
        for letter, column in zip((b"r", b"g", b"b"), matrix.T, strict=True):
            tags.append((letter + b"XYZ", b"XYZ " + struct.pack(">L3l", 0, *_fixed(column))))
        tags += [(letter + b"TRC", table) for letter in (b"r", b"g", b"b")]
    return _file(tags, b"GRAY" if grey else b"RGB ")


# -- inside --------------------------------------------------------------------------------


def _curve(transfer: int) -> Float | None:
    x = np.linspace(0.0, 1.0, _ENTRIES)
    if transfer in _LIKE_SRGB:
        return _srgb(x)
    if transfer in _GAMMAS:
        return np.asarray(x ** _GAMMAS[transfer])
    if transfer == PQ:  # SMPTE ST 2084
        power = x ** (1 / 78.84375)
        light = (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
        return _toned(light * 10000 / _WHITE_NITS)
    if transfer == HLG:  # ARIB STD-B67, on a screen of 1000 nits
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        light = np.where(x <= 0.5, x**2 / 3, (np.exp((x - c) / a) + b) / 12)
        return _toned(light**1.2 * 1000 / _WHITE_NITS)
    return None


def _srgb(x: Float) -> Float:
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def _toned(light: Float) -> Float:
    """Light with white at 1 into 0 to 1: the same below the knee, above a logarithm that goes on without a bend."""
    most = float(light[-1]) - _KNEE
    low, high = 1e-3, 1e3
    for _ in range(100):  # the width of the logarithm that ends at 1
        width = (low * high) ** 0.5
        low, high = (width, high) if width * np.log1p(most / width) < 1 - _KNEE else (low, width)
    above = _KNEE + low * np.log1p(np.maximum(light - _KNEE, 0) / low)
    return np.where(light <= _KNEE, light, np.minimum(above, 1.0))


def _xyz(x: float, y: float) -> Float:
    if y <= 0:
        raise ValueError("no colour")
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _fixed(values: Float) -> list[int]:
    return [round(float(value) * 65536) for value in values.ravel()]


def _text(text: str) -> bytes:
    letters = text.encode("utf-16-be")
    return b"mluc" + struct.pack(">LLL2s2sLL", 0, 1, 12, b"en", b"US", len(letters), 28) + letters


def _file(tags: list[tuple[bytes, bytes]], space: bytes) -> bytes:
    """The header, the table of tags, and each content once (ICC.1:2022, 7.2 and 7.3)."""
    start, places, body = 128 + 4 + 12 * len(tags), {}, b""
    for _, content in tags:
        if content not in places:
            places[content] = start + len(body)
            body += content + b"\0" * (-len(content) % 4)
    table = struct.pack(">L", len(tags))
    table += b"".join(name + struct.pack(">LL", places[content], len(content)) for name, content in tags)
    head = struct.pack(
        ">L4sL4s4s4s6H4s4sLLLQL3l4s",
        start + len(body), b"\0" * 4, 0x04300000, b"mntr", space, b"XYZ ", 2026, 1, 1, 0, 0, 0, b"acsp",
        b"\0" * 4, 0, 0, 0, 0, 1, *_fixed(_D50), b"\0" * 4,
    )  # fmt: skip
    return head.ljust(128, b"\0") + table + body
