"""Photographs as layouts of several sizes, all of them as bytes on the device, and random crops of them."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.layout import CELLS, CHANNELS, PIXELS, measure

HELD_OUT = Path(__file__).parents[1] / "held_out.txt"
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
# Cells of the picture's shorter side: a crop of 64 is a half of it, two thirds, nearly all of it
SHORTER = (128, 108, 92, 78, 66)
ENLARGED = 1.3  # a picture may be enlarged by this much, no more: there is no detail in it


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


def layouts_of(data: bytes) -> list[NDArray[np.uint8]]:
    """A picture's layouts at all the sizes it is large enough for, ``(h, w, 4)`` bytes each; none if unreadable."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        return []
    made = []
    for shorter in SHORTER:
        scale = shorter / min(image.shape[:2])
        height, width = (max(CELLS, round(side * scale)) for side in image.shape[:2])
        if height * PIXELS > image.shape[0] * ENLARGED:
            continue
        fine = cv2.resize(image, (width * PIXELS, height * PIXELS), interpolation=cv2.INTER_AREA)
        picture = torch.from_numpy(fine[..., ::-1].copy()).permute(2, 0, 1)[None].float()
        layout, _ = measure(picture, factor=PIXELS)
        made.append(((layout[0].permute(1, 2, 0) + 1) * 127.5).round().to(torch.uint8).numpy())
    return made


class PictureLayouts:
    """The layouts of many pictures in one flat tensor of bytes on ``device``.

    Raises ``ValueError`` where there is no picture.
    """

    def __init__(self, path: Path, device: torch.device, left_out: frozenset[str] | None = None) -> None:
        with ThreadPoolExecutor(8) as pool:
            layouts = [one for made in pool.map(lambda f: layouts_of(f[1]), read_files(path, left_out)) for one in made]
        if not layouts:
            raise ValueError(f"no pictures to train on in {path}")
        sizes = [layout.shape[:2] for layout in layouts]
        offsets = np.concatenate([[0], np.cumsum([height * width for height, width in sizes])[:-1]])
        self.flat = torch.from_numpy(np.concatenate([layout.reshape(-1, CHANNELS) for layout in layouts])).to(device)
        rows = [(int(offset), *size) for offset, size in zip(offsets, sizes, strict=True)]
        self.table = torch.tensor(rows, device=device)
        self.device, self.name = device, f"{len(layouts)} layouts of {path.name}"

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """``(count, 4, 64, 64)``: crops anywhere, of any size."""
        device = self.device

        def uniform() -> Tensor:
            return torch.rand(count, generator=generator, device=device)

        offset, height, width = self.table[(uniform() * len(self.table)).long()].unbind(1)
        top = (uniform() * (height - CELLS + 1)).long()[:, None, None]
        left = (uniform() * (width - CELLS + 1)).long()[:, None, None]
        line = torch.arange(CELLS, device=device)
        rows, columns = torch.meshgrid(line, line, indexing="ij")
        index = offset[:, None, None] + (top + rows) * width[:, None, None] + left + columns
        return self.flat[index].permute(0, 3, 1, 2).float() / 127.5 - 1
