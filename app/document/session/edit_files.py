"""Files of edits: each side of a change compressed, with a table at the end that says where it lies.

    bytes of the sides, one zlib stream after the other
    the table, JSON in UTF-8
    12 bytes: the table's length and CRC-32 (little endian, unsigned), then "MBED"

See docs/session-format.md for the table.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import DTypeLike

from app.document.errors import DocumentError
from app.document.formats import flush, put_in_place
from app.document.history import TILE, EditPart, Target
from app.document.pixels import Box, Flat, OnDisk, Raw, Stored, area, compressed

_TAIL = struct.Struct("<II4s")
_MAGIC = b"MBED"
_LONGEST_TABLE = 256 * 1000**2  # bytes
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Form:
    """What the pixels are made of."""

    width: int
    height: int
    channels: int
    dtype: np.dtype[Any]

    def nbytes(self, target: Target, box: Box) -> int:
        """Bytes of a box before compression."""
        return area(box) * (self.channels * self.dtype.itemsize if target == "pixels" else 1)


@dataclass(frozen=True)
class Patch:
    """One box and what it holds before or afterwards; None where that was not written, or is damaged."""

    target: Target
    box: Box
    before: Stored | None
    after: Stored | None

    @classmethod
    def of(cls, part: EditPart) -> Patch:
        """Both sides of a part of an edit."""
        return cls(part.target, part.box, part.before, part.after)


def write_edit(path: Path, patches: Iterable[Patch]) -> int:
    """Write a file of edits, whole or not at all; answers its length in bytes. Raises ``OSError``."""
    temporary = path.with_name(f"{path.name}.part")
    try:
        with temporary.open("wb") as file:
            table = [_entry(patch, file) for patch in patches]
            data = json.dumps(table, separators=(",", ":")).encode()
            file.write(data)
            file.write(_TAIL.pack(len(data), zlib.crc32(data), _MAGIC))
            length = file.tell()
            file.flush()
            flush(file.fileno())
        put_in_place(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    return length


def _entry(patch: Patch, file: BinaryIO) -> dict[str, Any]:
    entry: dict[str, Any] = {"target": patch.target, "box": list(patch.box)}
    for name, side in (("before", patch.before), ("after", patch.after)):
        if side is not None:
            entry[name] = _write_side(side, file)
    return entry


def _write_side(side: Stored, file: BinaryIO) -> dict[str, Any]:
    if isinstance(side, Flat):
        return {"colour": side.colour.tolist()}
    if isinstance(side, OnDisk):
        side = side.load()
    packed = compressed(side) if isinstance(side, Raw) else side
    start = file.tell()
    file.write(packed.data)
    return {"start": start, "length": len(packed.data), "crc32": zlib.crc32(packed.data)}


def read_edit(path: Path, form: Form) -> list[Patch]:
    """The patches of a file; what is damaged of their sides is None, one colour or on disk the rest.

    Every byte is checked. Raises ``DocumentError`` when the table is damaged or makes no sense for
    pictures of that form, and ``OSError``.
    """
    with path.open("rb") as file:
        length = file.seek(0, os.SEEK_END)
        table, end = _read_table(file, length)
        if not isinstance(table, list):
            raise _damaged()
        return [_patch(entry, file, path, end, form) for entry in table]


def _read_table(file: BinaryIO, length: int) -> tuple[Any, int]:
    if length < _TAIL.size:
        raise _damaged()
    file.seek(length - _TAIL.size)
    size, checksum, magic = _TAIL.unpack(file.read(_TAIL.size))
    end = length - _TAIL.size - size
    if magic != _MAGIC or end < 0 or size > _LONGEST_TABLE:
        raise _damaged()
    file.seek(end)
    data = file.read(size)
    if zlib.crc32(data) != checksum:
        raise _damaged()
    try:
        return json.loads(data), end
    except (ValueError, RecursionError) as error:
        raise _damaged() from error


def _patch(entry: Any, file: BinaryIO, path: Path, end: int, form: Form) -> Patch:
    if not isinstance(entry, dict) or entry.get("target") not in ("mask", "pixels", "samples"):
        raise _damaged()
    target: Target = entry["target"]
    box = entry.get("box")
    if not (isinstance(box, list) and len(box) == 4 and all(type(value) is int for value in box)):
        raise _damaged()
    x0, y0, x1, y1 = box
    inside = 0 <= x0 < x1 <= form.width and 0 <= y0 < y1 <= form.height
    if not inside or x0 // TILE != (x1 - 1) // TILE or y0 // TILE != (y1 - 1) // TILE:
        raise _damaged()
    found: Box = (x0, y0, x1, y1)
    sides = {
        name: _side(entry[name], file, path, end, form, target) if name in entry else None
        for name in ("before", "after")
    }
    return Patch(target, found, sides["before"], sides["after"])


def _side(entry: Any, file: BinaryIO, path: Path, end: int, form: Form, target: Target) -> Stored | None:
    if not isinstance(entry, dict):
        raise _damaged()
    if "colour" in entry:
        return _flat(entry["colour"], form, target)
    start, length, checksum = (_number(entry, name) for name in ("start", "length", "crc32"))
    if start + length > end:
        raise _damaged()
    file.seek(start)
    found = 0
    for at in range(0, length, _CHUNK):
        found = zlib.crc32(file.read(min(_CHUNK, length - at)), found)
    return OnDisk(path, start, length) if found == checksum else None


def _flat(colour: Any, form: Form, target: Target) -> Flat:
    dtype: DTypeLike = form.dtype if target == "pixels" else np.uint8
    values = colour if target == "pixels" else [colour]
    most = int(np.iinfo(dtype).max)
    if not isinstance(values, list) or len(values) != (form.channels if target == "pixels" else 1):
        raise _damaged()
    if not all(type(value) is int and 0 <= value <= most for value in values):
        raise _damaged()
    return Flat(np.array(colour, dtype))


def _number(entry: Mapping[str, Any], name: str) -> int:
    value = entry.get(name)
    if type(value) is not int or not 0 <= value < 1 << 62:
        raise _damaged()
    return value


def _damaged() -> DocumentError:
    return DocumentError("A part of the session is damaged.")
