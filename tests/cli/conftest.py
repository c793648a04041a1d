"""Folders of pictures and masks for the tests of the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.cli import main

SIZE = (140, 100)
HOLE = (slice(40, 60), slice(60, 90))


def photograph(seed: int = 1) -> Image.Image:
    """A ramp with noise, and something to erase in it."""
    width, height = SIZE
    rng = np.random.default_rng(seed)
    pixels = np.linspace(40, 200, width)[None, :, None] + rng.normal(0, 6, (height, width, 3))
    pixels[HOLE] = (250, 10, 10)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def mask(size: tuple[int, int] = SIZE) -> Image.Image:
    """White over what is to be erased."""
    found = np.zeros((size[1], size[0]), np.uint8)
    found[HOLE] = 255
    return Image.fromarray(found)


@dataclass(frozen=True)
class Folders:
    """A place with pictures, masks, and room for results."""

    root: Path

    @property
    def pictures(self) -> Path:
        return self.root / "in"

    @property
    def masks(self) -> Path:
        return self.root / "masks"

    @property
    def results(self) -> Path:
        return self.root / "out"

    def add(self, name: str, *, masked: str | None = None, **options: Any) -> Path:
        """One more picture, with its mask as PNG, or as the file of that name."""
        path = self.pictures / name
        path.parent.mkdir(parents=True, exist_ok=True)
        photograph(len(name)).save(path, **options)
        covering = self.masks / (masked or Path(name).with_suffix(".png"))
        covering.parent.mkdir(parents=True, exist_ok=True)
        mask().save(covering)
        return path

    def arguments(self, *more: str) -> list[str]:
        """A batch over them, with no model to load."""
        folders = [str(self.pictures), "--masks", str(self.masks), "-o", str(self.results)]
        return ["batch", *folders, "--model", "patch-fill", *more]

    def run(self, *more: str) -> int:
        return main(self.arguments(*more))


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    found = Folders(tmp_path)
    found.pictures.mkdir()
    found.masks.mkdir()
    return found
