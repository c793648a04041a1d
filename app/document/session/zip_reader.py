"""Reading zip files that may be damaged, cut off, or made to do harm; nothing is unpacked by its own name."""

from __future__ import annotations

import contextlib
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app.document.errors import DocumentError

_HEADER = struct.Struct("<4s5H3I2H")
_LOCAL = b"PK\x03\x04"
_ZIP64 = 1
_UNKNOWN = 0xFFFFFFFF
_STREAMED, _ENCRYPTED = 8, 1  # flags
_CHUNK = 1 << 20
_RATIO, _ROOM = 100, 64 * 1000**2  # what may be unpacked: so much for each byte of the file, and so much beside


class DamagedEntry(Exception):
    """An entry's bytes make no sense."""


class TooLarge(DocumentError):
    """It would unpack to more than any session does."""


@dataclass(frozen=True)
class _Entry:
    start: int
    packed: int
    size: int
    method: int
    crc32: int


class Archive:
    """A zip file's entries by their names, the whole ones of a file that is cut off.

    Checksums are left to who reads: most entries have better ones inside.
    """

    def __init__(self, file: BinaryIO, title: str) -> None:
        """``title`` names the file in sentences."""
        self._file, self._title = file, title
        self._length = file.seek(0, os.SEEK_END)
        self._left = _RATIO * self._length + _ROOM
        self.whole = True
        try:
            self._entries = self._listed()
        except (zipfile.BadZipFile, ValueError, OSError, struct.error, NotImplementedError, EOFError):
            self.whole = False
            self._entries = dict(self._found())

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def read(self, name: str, most: int) -> bytes:
        """All of an entry. Raises ``KeyError`` where there is none, ``DamagedEntry``, ``OSError``.

        ``TooLarge`` is raised beyond ``most`` bytes, and where the file as a whole unpacks to far more than it is.
        """
        data = bytearray()
        for chunk in self._chunks(self._entries[name]):
            data += chunk
            if len(data) > most:
                raise self._too_large()
        return bytes(data)

    def is_as_written(self, name: str, data: bytes) -> bool:
        """Whether ``data``, read from an entry, has the checksum it was written with."""
        return zlib.crc32(data) == self._entries[name].crc32

    def unpack(self, name: str, target: Path) -> None:
        """Write an entry to a file; raises as ``read`` does."""
        with target.open("wb") as file:
            for chunk in self._chunks(self._entries[name]):
                file.write(chunk)

    def _chunks(self, entry: _Entry) -> Iterator[bytes]:
        unpack = zlib.decompressobj(-zlib.MAX_WBITS) if entry.method == zipfile.ZIP_DEFLATED else None
        self._file.seek(entry.start)
        left, given = entry.packed, 0
        while left > 0 and (data := self._file.read(min(_CHUNK, left))):
            left -= len(data)
            while data:
                chunk = data if unpack is None else self._inflated(unpack, data)
                given += len(chunk)
                if len(chunk) > self._left or given > entry.size:
                    raise self._too_large()
                self._left -= len(chunk)
                yield chunk
                data = b"" if unpack is None else unpack.unconsumed_tail

    @staticmethod
    def _inflated(unpack: zlib._Decompress, data: bytes) -> bytes:
        try:
            return unpack.decompress(data, _CHUNK)
        except zlib.error as error:
            raise DamagedEntry from error

    def _too_large(self) -> TooLarge:
        return TooLarge(
            f"{self._title} is not a session: it unpacks to more than any picture needs, so it was left alone."
        )

    def _listed(self) -> dict[str, _Entry]:
        """What the directory at the end says."""
        entries = {}
        with zipfile.ZipFile(self._file) as archive:
            for info in archive.infolist():
                if info.flag_bits & _ENCRYPTED or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    continue
                self._file.seek(info.header_offset)
                header = _HEADER.unpack(self._file.read(_HEADER.size))
                if header[0] != _LOCAL:
                    continue
                start = info.header_offset + _HEADER.size + header[9] + header[10]
                entries[info.filename] = _Entry(start, info.compress_size, info.file_size, info.compress_type, info.CRC)
        return entries

    def _found(self) -> Iterator[tuple[str, _Entry]]:
        """What the entries say of themselves, from the first one on, as long as they are whole."""
        at = 0
        with contextlib.suppress(struct.error):
            while at + _HEADER.size <= self._length:
                self._file.seek(at)
                mark, _, flags, method, _, _, crc32, packed, size, names, extras = _HEADER.unpack(
                    self._file.read(_HEADER.size)
                )
                if mark != _LOCAL or flags & (_STREAMED | _ENCRYPTED):
                    return
                name, extra = self._file.read(names), self._file.read(extras)
                if _UNKNOWN in (packed, size):
                    size, packed = _long_sizes(extra)
                start = at + _HEADER.size + names + extras
                at = start + packed
                # The last one may be cut off: an edit's table is at its end, and a picture would lack its lower part.
                if at > self._length or method not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    return
                yield name.decode("utf-8", "replace"), _Entry(start, packed, size, method, crc32)


def _long_sizes(extra: bytes) -> tuple[int, int]:
    """The sizes before and after compression of an entry that may be larger than 4 GB."""
    at = 0
    while True:
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == _ZIP64:
            size, packed = struct.unpack_from("<QQ", extra, at + 4)
            return size, packed
        at += 4 + length
