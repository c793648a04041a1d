"""The files that come with the program are there, readable and of the promised size."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import resources

SAMPLES = sorted(resources.path("samples").glob("*.jpg"))
ICONS = sorted(resources.path("icons").glob("*.svg"))


def test_there_are_samples_and_icons() -> None:
    assert len(SAMPLES) >= 2
    assert len(ICONS) >= 30
    assert "ISC" in resources.path("icons", "LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize("photo", SAMPLES, ids=lambda path: path.stem)
def test_sample_has_a_mask_and_a_source(photo: Path) -> None:
    with Image.open(photo) as picture, Image.open(photo.with_name(f"{photo.stem}-mask.png")) as opened:
        mask = np.asarray(opened)
        assert picture.mode == "RGB"
        assert picture.size == opened.size
    assert mask.dtype == np.uint8
    assert set(np.unique(mask)) == {0, 255}
    assert 0.005 < np.mean(mask > 0) < 0.2
    assert photo.stat().st_size <= 250_000
    assert f"`{photo.name}`" in photo.with_name("README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("icon", ICONS, ids=lambda path: path.stem)
def test_icon_is_a_drawing(icon: Path) -> None:
    root = ET.fromstring(icon.read_text(encoding="utf-8"))
    assert root.tag.endswith("svg")
    assert root.get("viewBox")
