"""Making smaller what PyInstaller has gathered: entries of its lists go in, fewer and smaller ones come out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from resources.packaging import contents, cuda_libraries, stand_ins

Entry = tuple[str, str, str]  # where it goes in the package, where it comes from, PyInstaller's kind

STRIPPED = ("libpython*", "torch/lib/*")  # what comes with the names of its inner functions
OPENCV = "cv2/cv2.abi3.so"
OPENCV_LIBRARIES = "opencv_python_headless.libs/"
EMPTIED = ("libavcodec*", "libavformat*", "libavutil*", "libopenblas*", "libswscale*")


def trimmed(entries: Iterable[Entry], work: Path, whole: bool = False) -> list[Entry]:
    """The entries that are wanted; what is made smaller is put into ``work``. ``whole``: with all of NVIDIA's."""
    kept = [entry for entry in entries if not contents.is_unwanted(_target(entry))]
    if not whole:
        kept = [entry for entry in kept if not cuda_libraries.is_unreached(_target(entry))]
    if sys.platform == "linux":
        kept = [entry for entry in kept if entry[2] == "SYMLINK" or not contents.is_of_system(_target(entry))]
        kept = _without_opencv_libraries(kept, work / "stand-ins")
        kept = kept if whole else _with_empty_cuda_libraries(kept, work / "stand-ins")
        kept = [_stripped(entry, work / "stripped") for entry in kept]
    return _without_dead_links(kept)


def _target(entry: Entry) -> str:
    return entry[0].replace(os.sep, "/")


def _without_opencv_libraries(entries: list[Entry], work: Path) -> list[Entry]:
    user = next((Path(entry[1]) for entry in entries if _target(entry) == OPENCV), None)
    if user is None or not stand_ins.possible():
        return entries
    libraries = {Path(entry[1]).name: entry for entry in entries if _target(entry).startswith(OPENCV_LIBRARIES)}
    made: dict[str, Entry] = {}
    todo = stand_ins.needed(user)
    while todo:
        name = todo.pop()
        if name in made or name not in libraries:
            continue
        target, source, kind = libraries[name]
        if any(fnmatchcase(name, pattern) for pattern in EMPTIED):
            made[name] = (target, str(stand_ins.make([user], Path(source), work)), kind)
        else:
            made[name] = libraries[name]
            todo += stand_ins.needed(Path(source))
    return [entry for entry in entries if not _target(entry).startswith(OPENCV_LIBRARIES)] + list(made.values())


def _with_empty_cuda_libraries(entries: list[Entry], work: Path) -> list[Entry]:
    if not stand_ins.possible():
        return entries
    users = [Path(entry[1]) for entry in entries if fnmatchcase(_target(entry), "torch/lib/*.so*")]

    def emptied(entry: Entry) -> Entry:
        if entry[2] != "BINARY" or not cuda_libraries.is_emptied(_target(entry)):
            return entry
        return entry[0], str(stand_ins.make(users, Path(entry[1]), work, fails=True)), entry[2]

    return [emptied(entry) for entry in entries]


def _stripped(entry: Entry, work: Path) -> Entry:
    target = _target(entry)
    if entry[2] != "BINARY" or not any(fnmatchcase(target, pattern) for pattern in STRIPPED):
        return entry
    if shutil.which("strip") is None:
        return entry
    copy = work / target
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(entry[1], copy)
    copy.chmod(0o755)
    subprocess.run(["strip", "--strip-unneeded", str(copy)], check=True)
    return entry[0], str(copy), entry[2]


def _without_dead_links(entries: list[Entry]) -> list[Entry]:
    targets = {os.path.normpath(entry[0]) for entry in entries}

    def alive(entry: Entry) -> bool:
        return (
            entry[2] != "SYMLINK" or os.path.normpath(os.path.join(os.path.dirname(entry[0]), entry[1])) in targets  # noqa: PTH118, PTH120
        )

    return [entry for entry in entries if alive(entry)]
