"""Fetching one file: begun, broken off, resumed, and given its name only when every byte is right."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.hub.client import LONGEST_WAIT, HubClient, RemoteFile
from inference.hub.errors import HubError, Stop, Transient
from inference.models import write_durably

if TYPE_CHECKING:
    import httpx2

CHUNK = 1 << 18  # bytes read, written and counted at a time


@dataclass(frozen=True)
class RetryPolicy:
    """How often, in a row and without a byte in between, a failure that may pass is tried again."""

    attempts: int = 5
    first_wait: float = 1.0  # seconds; doubled each time


class _Sums:
    """The sum the hub states of a file, formed as bytes come."""

    def __init__(self, file: RemoteFile) -> None:
        self._expected = file.sha256 or file.git_sha1
        self._sum: Any = hashlib.sha256() if file.sha256 else hashlib.sha1(usedforsecurity=False)
        if not file.sha256:
            self._sum.update(b"blob %d\0" % file.size)  # as Git does

    def update(self, data: bytes) -> None:
        self._sum.update(data)

    @property
    def right(self) -> bool:
        return bool(self._sum.hexdigest() == self._expected)


def part_path(target: Path) -> Path:
    """Where the bytes of a file are gathered."""
    return target.with_name(f"{target.name}.part")


def arrived(target: Path) -> int:
    """Bytes there are of a file, whole or begun."""
    for path in (target, part_path(target)):
        try:
            return path.stat().st_size
        except OSError:
            continue
    return 0


def fetch(
    client: HubClient,
    file: RemoteFile,
    target: Path,
    stop: Stop,
    *,
    gated: bool,
    on_bytes: Callable[[int], None],
    on_wait: Callable[[int, float], None],
    patience: RetryPolicy,
) -> None:
    """Bring a file to ``target``; ``on_bytes`` hears how many of its bytes are there.

    ``on_wait`` hears the same, and after how many seconds it is tried again, where the connection was lost.

    Raises :class:`HubError` with a sentence, :class:`Stopped` where the user did; ``target`` appears only whole.
    """
    if target.is_file() and target.stat().st_size == file.size:
        on_bytes(file.size)
        return
    part = part_path(target)
    failures, fresh, before = 0, False, arrived(target)
    while True:
        try:
            resumed = _attempt(client, file, part, stop, gated, on_bytes)
        except Transient as error:
            here = arrived(target)
            failures = 0 if here > before else failures + 1
            before = here
            if failures >= patience.attempts or (error.wait or 0) > LONGEST_WAIT:
                raise
            doubled = patience.first_wait * 2 ** max(failures - 1, 0)
            wait = error.wait if error.wait is not None else doubled
            on_wait(here, wait)
            stop.sleep(wait)
            continue
        except OSError as error:
            raise HubError(_disk_words(part, error)) from error
        if _whole(file, part, stop):
            break
        _discard(part)
        if fresh or not resumed:
            raise HubError(
                f"{file.path} arrived damaged: its bytes are not those the hub states, so it was thrown away. "
                "Download it again; if that happens twice, try without the mirror or the proxy."
            )
        fresh = True  # what was begun earlier may have been the damaged piece
    _settle(part, target)


def _attempt(
    client: HubClient, file: RemoteFile, part: Path, stop: Stop, gated: bool, on_bytes: Callable[[int], None]
) -> bool:
    """Fetch what is missing; whether there was something before."""
    part.parent.mkdir(parents=True, exist_ok=True)
    begun, etag = _begun(part, file)
    on_bytes(begun)
    if begun == file.size and part.is_file():
        return True
    headers = {"Range": f"bytes={begun}-"} if begun else {}
    if begun and etag:
        headers["If-Range"] = etag
    with client.get(client.url(file), gated=gated, headers=headers) as response:
        offset = _offset(response, file)
        if offset not in (0, begun):
            _discard(part)
            raise Transient("The server sent another piece than was asked for. Try again, or without the mirror.")
        if offset == 0:
            _remember(part, file, response)
        _pour(response, file, part, offset, stop, on_bytes)
    if arrived_part(part) < file.size:
        raise Transient(f"{file.path} ended early. What has arrived is kept: resume.")
    return begun > 0


def arrived_part(part: Path) -> int:
    """Bytes gathered so far."""
    return part.stat().st_size if part.is_file() else 0


def _offset(response: httpx2.Response, file: RemoteFile) -> int:
    """Where in the file a response's body begins."""
    if response.status_code == 200:  # the whole, whatever was asked for
        return 0
    said = response.headers.get("Content-Range", "")
    unit, _, rest = said.partition(" ")
    first, _, total = rest.partition("/")
    start = first.partition("-")[0]
    if unit != "bytes" or not start.isdigit() or (total.isdigit() and int(total) != file.size):
        return -1
    return int(start)


def _pour(
    response: httpx2.Response, file: RemoteFile, part: Path, offset: int, stop: Stop, on_bytes: Callable[[int], None]
) -> None:
    with part.open("r+b" if offset else "wb") as out:
        out.seek(offset)
        count = offset
        for data in response.iter_raw():  # as it comes: nothing that has arrived is held back
            stop.check()
            count += len(data)
            if count > file.size:
                out.close()
                _discard(part)
                raise HubError(
                    f"{file.path} is longer than the hub states, so it was thrown away. Try without the mirror."
                )
            out.write(data)
            out.flush()  # counted only once it is there for a restart
            on_bytes(count)


def _begun(part: Path, file: RemoteFile) -> tuple[int, str]:
    """Bytes that may be kept, and the server's mark of the file they are of."""
    note = _note(part)
    try:
        values = json.loads(note.read_text(encoding="utf-8"))
        size = part.stat().st_size
    except (OSError, ValueError):
        values, size = {}, 0
    same = isinstance(values, dict) and values.get("sum") == (file.sha256 or file.git_sha1)
    if not same or size > file.size:
        _discard(part)
        return 0, ""
    return size, str(values.get("etag", ""))


def _note(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _remember(part: Path, file: RemoteFile, response: httpx2.Response) -> None:
    etag = response.headers.get("ETag", "")
    values = {"sum": file.sha256 or file.git_sha1, "etag": "" if etag.startswith("W/") else etag}
    write_durably(_note(part), json.dumps(values))


def _discard(part: Path) -> None:
    for path in (part, _note(part)):
        path.unlink(missing_ok=True)


def _whole(file: RemoteFile, part: Path, stop: Stop) -> bool:
    """Whether the gathered bytes have the sum the hub states; they are read from the disk, as they will be later."""
    sums = _Sums(file)
    if not part.is_file():  # an empty file: nothing was poured
        return file.size == 0 and sums.right
    with part.open("rb") as gathered:
        while data := gathered.read(CHUNK):
            stop.check()
            sums.update(data)
    return sums.right


def _settle(part: Path, target: Path) -> None:
    """Give the file its name, durably."""
    try:
        with part.open("r+b") as gathered:
            os.fsync(gathered.fileno())
        part.replace(target)
        _note(part).unlink(missing_ok=True)
    except OSError as error:
        raise HubError(_disk_words(target, error)) from error


def _disk_words(path: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk of {path.parent} is full. What has arrived is kept: make room and resume."
    return f"{path} can't be written: {error.strerror or error}. Check the folder's rights, then resume."
