"""Colour profiles as cameras and phones embed them, made by hand."""

from __future__ import annotations

import struct

import numpy as np

_D65, _D50 = (0.3127, 0.3290), np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def _numbers(*values: float) -> bytes:
    return b"".join(struct.pack(">l", round(value * 65536)) for value in values)


def _file(space: bytes, tags: list[tuple[bytes, bytes]]) -> bytes:
    start, table, body = 128 + 4 + 12 * len(tags), struct.pack(">L", len(tags)), b""
    for name, data in tags:
        table += name + struct.pack(">LL", start + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    size = start + len(body)
    head = struct.pack(">L4xL4s4s4s12x4s28x", size, 0x02400000, b"mntr", space, b"XYZ ", b"acsp") + _numbers(*_D50)
    return head + bytes(128 - len(head)) + table + body


def _colour(values: np.ndarray) -> bytes:
    return b"XYZ \0\0\0\0" + _numbers(*values)


def gamma(value: float) -> bytes:
    """A curve that is a power."""
    return b"curv\0\0\0\0" + struct.pack(">LH", 1, round(value * 256))


SRGB_CURVE = b"para\0\0\0\0\0\3\0\0" + _numbers(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def matrix_profile(primaries: list[tuple[float, float]], curve: bytes) -> bytes:
    """An RGB profile of three primaries (x, y), D65 white, and one curve for all."""
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    white = np.array([_D65[0] / _D65[1], 1, (1 - sum(_D65)) / _D65[1]])
    cones = np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white))
    matrix = np.linalg.inv(_BRADFORD) @ cones @ _BRADFORD @ (columns * np.linalg.solve(columns, white))
    tags = [(b"wtpt", _colour(_D50))]
    tags += [(name + b"XYZ", _colour(matrix[:, i])) for i, name in enumerate((b"r", b"g", b"b"))]
    return _file(b"RGB ", [*tags, *((name + b"TRC", curve) for name in (b"r", b"g", b"b"))])


def grey_profile(curve: bytes) -> bytes:
    """A profile for grey."""
    return _file(b"GRAY", [(b"wtpt", _colour(_D50)), (b"kTRC", curve)])


P3 = matrix_profile([(0.68, 0.32), (0.265, 0.69), (0.15, 0.06)], SRGB_CURVE)
ADOBE_RGB = matrix_profile([(0.64, 0.33), (0.21, 0.71), (0.15, 0.06)], gamma(2.19921875))
