"""Photographs held in memory, those left out that no training sees, and random squares of them."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

HELD_OUT = Path(__file__).parents[1] / "held_out.txt"
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
SHORTER, SMALLEST = 512, 256  # pixels of a picture's shorter side
AS_IT_IS = 0.35  # share of crops that are not reduced


def held_out() -> frozenset[str]:
    """File names that no training sees: ``training/held_out.txt``."""
    lines = HELD_OUT.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def read_files(path: Path, names: frozenset[str] | None = None) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of the pictures in a folder, or in a tar made by ``python -m training pack``, by name.

    ``names``: those that are left out.
    """
    left_out = names or frozenset()
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.suffix.lower() in SUFFIXES and file.name not in left_out:
                yield file.name, file.read_bytes()
        return
    with tarfile.open(path) as tar:
        for member in sorted(tar.getmembers(), key=lambda m: m.name):
            file_of = tar.extractfile(member)
            if file_of is not None and Path(member.name).name not in left_out:
                yield member.name, file_of.read()


class Crops:
    """Photographs in memory, and random squares of them.

    Raises ``ValueError`` where there is no picture.
    """

    def __init__(self, path: Path, left_out: frozenset[str] | None = None) -> None:
        with ThreadPoolExecutor(8) as pool:
            read = pool.map(lambda file: _reduced(file[1]), read_files(path, left_out))
            self.pictures = [picture for picture in read if picture is not None]
        if not self.pictures:
            raise ValueError(f"no pictures to train on in {path}")

    def draw(self, side: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        """``(side, side, 3)``: a square of any picture, up to twice as large and reduced."""
        picture = self.pictures[rng.integers(len(self.pictures))]
        scale = 1.0 if rng.random() < AS_IT_IS else 2 ** rng.uniform(0, 1)
        seen = min(int(side * scale), *picture.shape[:2])
        top, left = (int(rng.integers(length - seen + 1)) for length in picture.shape[:2])
        part = picture[top : top + seen, left : left + seen]
        return np.ascontiguousarray(cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA))


def _reduced(data: bytes) -> NDArray[np.uint8] | None:
    """A picture with a shorter side of :data:`SHORTER` pixels at most; None if unreadable or too small."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None or min(image.shape[:2]) < SMALLEST:
        return None
    scale = SHORTER / min(image.shape[:2])
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(image[..., ::-1])
