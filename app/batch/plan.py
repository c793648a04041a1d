"""The plan of a batch: which pictures are in a folder, which mask is for which, and where the results go."""

from __future__ import annotations

import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.document.errors import DocumentError
from app.document.formats import KINDS

_SUFFIXES = {suffix for kind in KINDS.values() for suffix in kind.suffixes}


@dataclass(frozen=True)
class Job:
    """One picture to erase from."""

    name: str  # below the folder of pictures, with slashes on every system
    source: Path
    mask: Path
    target: Path


@dataclass(frozen=True)
class Refused:
    """A picture that can't be begun."""

    name: str
    reason: str  # a sentence


@dataclass(frozen=True)
class Plan:
    """All that is to be done."""

    jobs: tuple[Job, ...]
    refused: tuple[Refused, ...]
    others: int  # files that are no pictures, left alone
    unused: tuple[str, ...]  # masks without a picture

    @property
    def total(self) -> int:
        """How many pictures there are."""
        return len(self.jobs) + len(self.refused)


def make_plan(pictures: Path, masks: Path, results: Path, *, recursive: bool = False) -> Plan:
    """Match pictures with masks by their names without endings; with ``recursive`` in folders of the same names.

    A mask called as the whole picture (``photo.jpg.png``) comes before one called as its stem (``photo.png``).
    Hidden files are left alone, and the folders of masks and results where they lie among the pictures. Raises
    ``DocumentError`` where a folder is missing or is two things at once.
    """
    for folder, what in ((pictures, "pictures"), (masks, "masks")):
        if not folder.is_dir():
            kind = "is not a folder" if folder.exists() else "does not exist"
            raise DocumentError(f'The folder of {what} "{folder}" {kind}.')
    _check_apart(pictures, masks, results)
    problems: list[Refused] = []
    apart = [masks, results]
    found = sorted(_files(pictures, recursive, [f for f in apart if not _same(f, pictures)], problems))
    by_stem = _by_stem(masks, recursive, [f for f in (pictures, results) if not _same(f, masks)], problems)
    jobs, refused, others = [], problems, 0
    used: set[str] = set()
    for name in found:
        candidates = _candidates(name, by_stem)
        used.update(candidates)
        if not candidates and Path(name).suffix.lower() not in _SUFFIXES:
            others += 1
        elif len(candidates) == 1:
            jobs.append(Job(name, pictures / name, masks / candidates[0], results / name))
        elif candidates:
            listed = ", ".join(sorted(candidates))
            refused.append(Refused(name, f"There are several masks for it ({listed}); keep the one that is meant."))
        else:
            refused.append(Refused(name, f'There is no mask for it: none in "{masks}" is called "{_stem(name)}".'))
    unused = sorted({mask for group in by_stem.values() for mask in group} - used)
    return Plan(tuple(jobs), tuple(sorted(refused, key=lambda r: r.name)), others, tuple(unused))


def _check_apart(pictures: Path, masks: Path, results: Path) -> None:
    if results.exists() and not results.is_dir():
        raise DocumentError(f'"{results}" is a file; name a folder for the results.')
    if _same(pictures, results):
        raise DocumentError(
            "The results need a folder of their own: written among the pictures they would replace them."
        )
    if _same(masks, results):
        raise DocumentError("The results need a folder of their own: written among the masks they would replace them.")
    if _same(pictures, masks):
        raise DocumentError("Pictures and masks need a folder each: in one and the same they can't be told apart.")


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _files(folder: Path, recursive: bool, apart: list[Path], problems: list[Refused]) -> Iterator[str]:
    """Names of the visible files of a folder, with slashes; linked folders are not gone into."""
    left_out = {os.path.realpath(path) for path in apart}

    def unreadable(error: OSError) -> None:
        name = Path(str(error.filename)).relative_to(folder).as_posix() if error.filename else str(folder)
        reason = f"The folder can't be looked into ({error.strerror or error}); check its rights."
        problems.append(Refused(f"{name}/", reason))

    for place, folders, files in os.walk(folder, onerror=unreadable):
        inner = [f for f in folders if not f.startswith(".") and os.path.realpath(Path(place, f)) not in left_out]
        folders[:] = sorted(inner) if recursive else []
        for file in files:
            if not file.startswith("."):
                yield Path(place, file).relative_to(folder).as_posix()


def _by_stem(masks: Path, recursive: bool, apart: list[Path], problems: list[Refused]) -> dict[str, list[str]]:
    found = defaultdict(list)
    for name in _files(masks, recursive, apart, problems):
        if Path(name).suffix.lower() in _SUFFIXES:
            found[_key(_stem(name))].append(name)
    return found


def _candidates(name: str, by_stem: dict[str, list[str]]) -> list[str]:
    return by_stem.get(_key(name)) or by_stem.get(_key(_stem(name))) or []


def _stem(name: str) -> str:
    """A name without its last ending, folders kept."""
    return Path(name).with_suffix("").as_posix()


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name)  # systems differ in how they keep accents
