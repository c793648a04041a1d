"""The journal: what was done in a folder of results, written down at once, so that a killed run can go on.

One JSON object a line. A picture is noted as begun before its result is written, and as done after: a result whose
picture was only begun may be written anew, one that is not in the journal at all belongs to somebody else.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout

from app.document.errors import DocumentError
from app.document.formats import flush

NAME = ".moebius-batch.jsonl"
LOCK = ".moebius-batch.lock"
_LEFT = re.compile(r"\.[0-9a-f]{16}\.part")  # as app.document.formats.atomic_write calls what is not complete yet


@dataclass(frozen=True)
class Entry:
    """What is known of one picture's result."""

    done: bool
    key: str  # a sum of picture, mask and settings
    result: str = ""  # SHA-256 of the file written


class Journal:
    """The journal of one folder, for one run at a time; a context in which it may be written to."""

    def __init__(self, folder: Path) -> None:
        """Makes the folder; raises ``DocumentError`` where that can't be."""
        self._folder, self._path = folder, folder / NAME
        self._lock = FileLock(folder / LOCK)
        self._entries: dict[str, Entry] = {}

    def __enter__(self) -> Journal:
        """Take the folder; raises ``DocumentError`` where another run has it or it can't be written to."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise DocumentError(
                f'Another batch is writing to "{self._folder}" right now; wait for it or name another folder.'
            ) from error
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            self._entries = self._read()
            self._file = self._path.open("a", encoding="ascii")
            if self._torn():
                self._file.write("\n")
        except OSError as error:
            self._lock.release()
            raise self._unwritable(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._file.close()
        self._lock.release()
        with contextlib.suppress(OSError):
            (self._folder / LOCK).unlink(missing_ok=True)

    def entry(self, name: str) -> Entry | None:
        """What is known of a picture."""
        return self._entries.get(name)

    def begin(self, name: str, key: str) -> None:
        """Note that a picture's result is about to be written; raises ``DocumentError``."""
        self._note(name, Entry(False, key))

    def finish(self, name: str, key: str, result: str) -> None:
        """Note that it is written; raises ``DocumentError``."""
        self._note(name, Entry(True, key, result))

    def sweep(self, folders: set[Path]) -> None:
        """Delete what a killed run left half written in ``folders``."""
        for folder in folders:
            with contextlib.suppress(OSError):
                for path in folder.iterdir():
                    if _LEFT.fullmatch(path.name):
                        path.unlink()

    def _note(self, name: str, entry: Entry) -> None:
        values = {"file": name, "done": entry.done, "key": entry.key, "result": entry.result}
        try:
            self._file.write(json.dumps(values) + "\n")
            self._file.flush()
            flush(self._file.fileno())
        except OSError as error:
            raise self._unwritable(error) from error
        self._entries[name] = entry

    def _read(self) -> dict[str, Entry]:
        try:
            lines = self._path.read_text(encoding="ascii", errors="replace").splitlines()
        except FileNotFoundError:
            return {}
        found = {}
        for line in lines:
            with contextlib.suppress(ValueError, KeyError, TypeError):  # a line cut off with the program
                values: dict[str, Any] = json.loads(line)
                entry = Entry(bool(values["done"]), str(values["key"]), str(values["result"]))
                found[str(values["file"])] = entry
        return found

    def _torn(self) -> bool:
        """Whether the last line was cut off."""
        with self._path.open("rb") as file:
            if file.seek(0, os.SEEK_END) == 0:
                return False
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"

    def _unwritable(self, error: OSError) -> DocumentError:
        return DocumentError(
            f'The folder of results "{self._folder}" can\'t be written to ({error.strerror or error}); '
            "check its rights and the room on its disk."
        )
