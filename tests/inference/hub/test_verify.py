"""Installed models compared with the sums they were taken in with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inference.errors import ModelError
from inference.hub.importing import import_model
from inference.hub.verify import damaged_files
from inference.models.folders import RECORD, installed_path, models_folder
from tests.oracles.published import publish, shrink

NAME = "moebius-ft_places2"


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shrink(monkeypatch)
    import_model(publish(tmp_path / "repository") / "ft_places2")
    path = installed_path(NAME)
    assert path is not None
    return path


def harm(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def test_what_is_whole(model: Path) -> None:
    seen: list[tuple[int, int]] = []
    assert damaged_files(NAME, on_bytes=lambda done, total: seen.append((done, total))) == []
    assert seen[-1][0] == seen[-1][1] == (model / "diffusion_pytorch_model.safetensors").stat().st_size
    assert damaged_files("moebius-nano") == []


def test_one_bit_and_a_missing_file(model: Path) -> None:
    harm(models_folder() / "vae/diffusion_pytorch_model.safetensors")
    assert damaged_files(NAME) == ["vae/diffusion_pytorch_model.safetensors"]
    harm(model / "diffusion_pytorch_model.safetensors")
    assert len(damaged_files(NAME)) == 2
    (model / "diffusion_pytorch_model.safetensors").unlink()
    assert "diffusion_pytorch_model.safetensors" in damaged_files(NAME)


@pytest.mark.parametrize("stored", [None, {}, "sums"])
def test_without_sums_nothing_can_be_said(model: Path, stored: object) -> None:
    record = json.loads((model / RECORD).read_text())
    (model / RECORD).write_text(json.dumps({**record, "stored": stored}))
    with pytest.raises(ModelError, match="without sums"):
        damaged_files(NAME)


@pytest.mark.parametrize("name", ["", "nothing", "..", "vae"])
def test_no_such_model(name: str) -> None:
    with pytest.raises(ModelError, match="no model"):
        damaged_files(name)
