"""A model's checksums: damaged, missing and surplus weights are told from whole ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference.errors import ModelError
from inference.models.catalogue import bundled_models, find_model
from inference.models.checksums import SUMS, differing, sha256, write_sums


@pytest.fixture
def model(tmp_path: Path) -> Path:
    for name in ("unet.safetensors", "autoencoder.safetensors"):
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "config.json").write_text("{}")
    write_sums(tmp_path)
    return tmp_path


def test_sums_are_as_sha256sum_writes_them(model: Path) -> None:
    lines = (model / SUMS).read_text().splitlines()
    assert [line.split()[1] for line in lines] == ["autoencoder.safetensors", "unet.safetensors"]
    assert lines[1] == f"{sha256(model / 'unet.safetensors')}  unet.safetensors"
    assert differing(model) == []


def test_what_differs_is_named(model: Path) -> None:
    (model / "unet.safetensors").write_bytes(b"other")
    assert differing(model) == ["unet.safetensors"]
    (model / "autoencoder.safetensors").unlink()
    (model / "more.safetensors").write_bytes(b"")
    assert differing(model) == ["autoencoder.safetensors", "more.safetensors", "unet.safetensors"]


def test_missing_or_unreadable_sums_are_said(model: Path) -> None:
    (model / SUMS).write_bytes(b"\xff\xfe")
    with pytest.raises(ModelError, match="missing or damaged"):
        differing(model)
    (model / SUMS).unlink()
    with pytest.raises(ModelError, match=SUMS):
        differing(model)


@pytest.mark.parametrize("name", bundled_models())
def test_bundled_weights_are_what_their_sums_say(name: str) -> None:
    folder = find_model(name).path
    assert differing(folder) == [], f"after an export: sha256sum *.safetensors > {SUMS}, in {folder}"
