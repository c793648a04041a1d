"""Photographs on disk or in memory, and random crops of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.uint8]  # (H, W, 3) RGB
SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"}
HELD_BYTES = 2_000_000_000  # decoded photographs kept in memory


class Unreadable(ValueError):
    """A file that is no picture, or a damaged one."""


def find_pictures(source: Path) -> list[Path]:
    """Pictures below a folder, sorted, or those a text file names one a line (relative to its own folder).

    Raises ``ValueError`` where there is no such folder or file, or nothing in it.
    """
    if source.is_dir():
        found = sorted(p for p in source.rglob("*") if p.suffix.lower() in SUFFIXES)
    elif source.is_file():
        found = [source.parent / line for line in read_list(source)]
    else:
        raise ValueError(f"there is no folder or list {source}")
    if not found:
        raise ValueError(f"no pictures in {source}; wanted: {', '.join(sorted(SUFFIXES))}")
    return found


def read_list(path: Path) -> list[str]:
    """The lines of a text file, but for empty ones and those that begin with #. Raises ``ValueError`` for no file."""
    if not path.is_file():
        raise ValueError(f"there is no list {path}")
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def read_picture(path: Path, flag: int = cv2.IMREAD_COLOR) -> NDArray[np.uint8]:
    """``(H, W, 3)`` RGB, or ``(H, W, 4)`` where the flag keeps alpha; raises :class:`Unreadable`."""
    try:
        data = np.fromfile(path, np.uint8)  # cv2.imread knows no names beyond the system's code page
        picture = cv2.imdecode(data, flag) if data.size else None
    except (OSError, cv2.error) as error:
        raise Unreadable(f"{path}: {error}") from error
    if picture is None:
        raise Unreadable(f"{path}: not a readable picture")
    if picture.ndim == 2:
        picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    order = cv2.COLOR_BGRA2RGBA if picture.shape[-1] == 4 else cv2.COLOR_BGR2RGB
    converted = np.asarray(cv2.cvtColor(picture, order))
    return (converted // (1 if converted.dtype == np.uint8 else 257)).astype(np.uint8)  # 16 bits where alpha is kept


def read_folder(folder: Path, flag: int = cv2.IMREAD_COLOR) -> list[NDArray[np.uint8]]:
    """Every readable picture below ``folder``, sorted by name; others are skipped with a line."""
    pictures = []
    for path in find_pictures(folder):
        try:
            pictures.append(read_picture(path, flag))
        except Unreadable as error:
            print(f"skipped {error}")
    return pictures


def read_cutouts(folder: Path | None) -> list[NDArray[np.uint8]]:
    """The cut-outs ``(H, W, 4)`` of a folder; pictures without alpha are left out. None: none."""
    if folder is None:
        return []
    return [t for t in read_folder(folder, cv2.IMREAD_UNCHANGED) if t.shape[-1] == 4]


class PictureFiles(Sequence[NDArray[np.uint8]]):
    """Photographs read when asked for; the last ones stay in memory. Safe to use from several threads.

    With ``segments``, a folder of masks of objects, those with a mask are ``(H, W, 4)``: the mask is the last plane.
    ``skipped`` names files that can't be read, with the reason.
    """

    def __init__(self, source: Path, segments: Path | None = None, names: Path | None = None) -> None:
        """``names``: a text file of the file names that are used; None: all."""
        self.paths: list[Path] = []
        self.sizes: list[tuple[int, int]] = []  # height, width
        self.skipped: list[str] = []
        self.masks = {p.stem: p for p in find_pictures(segments)} if segments is not None else {}
        self._held: OrderedDict[int, NDArray[np.uint8]] = OrderedDict()
        self._lock = Lock()
        named = None if names is None else set(read_list(names))
        for path in find_pictures(source):
            if named is not None and path.name not in named:
                continue
            try:
                with Image.open(path) as picture:
                    width, height = picture.size
            except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
                self.skipped.append(f"{path}: not a readable picture ({type(error).__name__})")
                continue
            self.paths.append(path)
            self.sizes.append((height, width))

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> NDArray[np.uint8]:  # type: ignore[override]
        with self._lock:
            if index in self._held:
                self._held.move_to_end(index)
                return self._held[index]
        picture = self._read(self.paths[index])
        with self._lock:
            self._held[index] = picture
            while len(self._held) > 1 and sum(p.nbytes for p in self._held.values()) > HELD_BYTES:
                self._held.popitem(last=False)
        return picture

    def _read(self, path: Path) -> NDArray[np.uint8]:
        picture = read_picture(path)
        if path.stem not in self.masks:
            return picture
        mask = read_picture(self.masks[path.stem]).max(2)
        if mask.shape != picture.shape[:2]:
            raise Unreadable(f"{self.masks[path.stem]}: of another size than its photograph")
        return np.dstack([picture, np.where(mask > 0, 255, 0).astype(np.uint8)])


class Photographs:
    """Random square crops of photographs; larger ones are drawn more often.

    ``skipped`` collects what turns out to be unreadable; another photograph is drawn in its place.
    Raises ``ValueError`` where no photograph is at least ``smallest`` pixels high and wide.
    """

    def __init__(self, pictures: Sequence[NDArray[np.uint8]], smallest: int) -> None:
        self.pictures = pictures
        sizes = pictures.sizes if isinstance(pictures, PictureFiles) else [p.shape[:2] for p in pictures]
        self.skipped: list[str] = pictures.skipped if isinstance(pictures, PictureFiles) else []
        self.fitting = [index for index, size in enumerate(sizes) if min(size) >= smallest]
        if not self.fitting:
            raise ValueError(f"no photograph of at least {smallest} pixels")
        weights = np.array([(sizes[index][0] * sizes[index][1]) ** 0.5 for index in self.fitting])
        self.weights = weights / weights.sum()

    def crop(self, size: int, rng: np.random.Generator, *, least_shrink: float = 1.0) -> NDArray[np.uint8]:
        """``(size, size, C)``: a crop of side ``size * least_shrink`` or more, shrunk, turned or mirrored."""
        picture = self._draw(rng)
        height, width = picture.shape[:2]
        most = min(height, width)
        least = min(int(size * least_shrink), most)
        side = int(np.exp(rng.uniform(np.log(least), np.log(max(least, min(most, 4 * size))))))
        y, x = rng.integers(height - side + 1), rng.integers(width - side + 1)
        crop = picture[y : y + side, x : x + side]
        if side != size:
            method = cv2.INTER_AREA if side > size else cv2.INTER_CUBIC
            crop = np.asarray(cv2.resize(crop, (size, size), interpolation=method), dtype=np.uint8)
        if rng.random() < 0.5:
            crop = crop[:, ::-1]
        if rng.random() < 0.1:
            crop = np.rot90(crop, int(rng.integers(1, 4)))
        return np.ascontiguousarray(crop)

    def _draw(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        for _ in range(100):
            index = self.fitting[rng.choice(len(self.fitting), p=self.weights)]
            try:
                return self.pictures[index]
            except Unreadable as error:
                if str(error) not in self.skipped:
                    self.skipped.append(str(error))
        raise ValueError("100 unreadable photographs in a row: too many are damaged")
