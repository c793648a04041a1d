"""Checkpoints where and as people have them: huggingface_hub's cache, half precision, community safetensors."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderTiny
from safetensors.torch import load_file, save_file

from app.batch.options import located
from inference import ErasePipeline, ModelError, find_model
from inference.hub.importing import import_model
from inference.models.codec import KLCodec
from inference.models.folders import installed_path, models_folder
from inference.models.hub_cache import snapshot_of
from tests.inference.erase.test_pipeline import mask_of, picture

COMMIT, OLDER = "c" * 40, "0" * 40
IMAGE, MASK = picture(128, 128), mask_of(128, 128, (50, 50, 80, 80))


def cached(hub: Path, repo: str, files: dict[str, Path], commit: str = COMMIT) -> Path:
    """``files`` of ``repo`` as ``huggingface_hub`` would have cached them."""
    folder = hub / f"models--{repo.replace('/', '--')}"
    (folder / "blobs").mkdir(parents=True, exist_ok=True)
    for name, source in files.items():
        blob = folder / "blobs" / hashlib.sha256(source.read_bytes()).hexdigest()
        blob.write_bytes(source.read_bytes())
        link = folder / "snapshots" / commit / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.relpath(blob, link.parent))
    return folder


@pytest.fixture
def hub(published_folder: Path, tmp_path: Path) -> Path:
    hub = tmp_path / "hub"
    name = "diffusion_pytorch_model.bin"
    cached(hub, "hustvl/Moebius", {f"ft_places2/{name}": published_folder / name})
    vae = published_folder.parent / "vae"
    cached(hub, "hustvl/PixelHacker", {f"vae/{f.name}": f for f in vae.iterdir()})
    return hub


@pytest.mark.parametrize(
    "inside",
    [
        "",
        f"snapshots/{COMMIT}",
        f"snapshots/{COMMIT}/ft_places2",
        f"snapshots/{COMMIT}/ft_places2/diffusion_pytorch_model.bin",
    ],
)
def test_a_cached_repository_opens_wherever_it_is_taken_hold_of(hub: Path, inside: str) -> None:
    path = hub / "models--hustvl--Moebius" / inside
    pipeline = ErasePipeline.load(located(str(path)), device="cpu")
    assert pipeline.folder.title == "Moebius (ft_places2)"
    assert (pipeline.erase(IMAGE, MASK, steps=1) != IMAGE).any()


def test_a_cached_repository_can_be_taken_in(hub: Path) -> None:
    assert import_model(hub / "models--hustvl--Moebius").name == "moebius-ft_places2"
    stored = installed_path("moebius-ft_places2")
    assert stored is not None and not any(p.is_symlink() for p in models_folder().rglob("*"))


def test_the_newest_commit_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "models--a--b"
    for commit, time in ((COMMIT, 100), (OLDER, 50)):
        (folder / "snapshots" / commit).mkdir(parents=True)
        os.utime(folder / "snapshots" / commit, (time, time))
    assert snapshot_of(folder).name == COMMIT
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(OLDER)
    assert snapshot_of(folder).name == OLDER  # what the branch is at
    (folder / "refs" / "main").write_text("nonsense")
    assert snapshot_of(folder).name == COMMIT
    assert snapshot_of(tmp_path) == tmp_path


def test_an_interrupted_cache_says_what_is_missing(hub: Path) -> None:
    for blob in (hub / "models--hustvl--Moebius" / "blobs").iterdir():
        blob.unlink()
    with pytest.raises(ModelError, match=r"holds no checkpoint"):
        find_model(hub / "models--hustvl--Moebius")


def test_of_several_folders_one_must_be_chosen(hub: Path, published_folder: Path) -> None:
    name = "diffusion_pytorch_model.bin"
    cached(hub, "hustvl/Moebius", {f"ft_ffhq/{name}": published_folder / name})
    with pytest.raises(ModelError, match=r"one of its folders is meant: ft_ffhq, ft_places2"):
        find_model(hub / "models--hustvl--Moebius")


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float32])
def test_checkpoints_of_any_precision_and_form_open(published_folder: Path, kind: torch.dtype) -> None:
    state = torch.load(published_folder / "diffusion_pytorch_model.bin", weights_only=True)
    exact = ErasePipeline.load(published_folder, device="cpu").erase(IMAGE, MASK, steps=2)
    other = published_folder.parent / "community"
    other.mkdir()
    file = other / "Moebius-places2.safetensors"
    save_file({k: v.to(kind) if v.is_floating_point() else v for k, v in state.items()}, file)
    for path in (other, file):
        made = ErasePipeline.load(path, device="cpu").erase(IMAGE, MASK, steps=2)
        assert np.abs(made.astype(int) - exact).max() <= (0 if kind == torch.float32 else 40)
    assert import_model(file).name == "moebius-Moebius-places2"
    stored = load_file(models_folder() / "moebius-Moebius-places2/diffusion_pytorch_model.safetensors")
    assert {v.dtype for v in stored.values() if v.is_floating_point()} == {kind}


def test_the_installed_autoencoder_serves_a_file_from_anywhere(published_folder: Path, tmp_path: Path) -> None:
    import_model(published_folder)
    alone = tmp_path / "some" / "where" / "weights.bin"
    alone.parent.mkdir(parents=True)
    alone.write_bytes((published_folder / "diffusion_pytorch_model.bin").read_bytes())
    assert find_model(alone).files["autoencoder"].parent == models_folder() / "vae"


def test_the_decoder_of_previews_draws_them(published_folder: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    folder = tmp_path / "taesdxl"
    folder.mkdir()
    save_file(AutoencoderTiny().half().state_dict(), folder / "diffusion_pytorch_model.safetensors")
    previews: dict[str, list[np.ndarray]] = {}

    def watch(pipeline: ErasePipeline, how: str) -> None:
        kept = previews.setdefault(how, [])
        pipeline.erase(IMAGE, MASK, steps=2, previews=how, on_step=lambda s, _t, p: kept.append(p.rgb) if s else None)

    watch(ErasePipeline.load(published_folder, device="cpu"), "fitted")
    import_model(folder)
    pipeline = ErasePipeline.load(published_folder, device="cpu")
    assert pipeline.model is not None and isinstance(pipeline.model.codec, KLCodec)
    decoded = pipeline.model.codec.preview(torch.zeros(1, 4, 4, 4), "fast")
    assert decoded is not None and decoded.shape == (1, 3, 32, 32)
    watch(pipeline, "fast")
    assert (previews["fast"][0] != previews["fitted"][0]).any()


def test_a_damaged_decoder_is_told_and_costs_nothing_else(published_folder: Path, tmp_path: Path) -> None:
    save_file(AutoencoderTiny().state_dict(), tmp_path / "tiny.safetensors")
    import_model(tmp_path / "tiny.safetensors")
    stored = models_folder() / "taesdxl" / "diffusion_pytorch_model.safetensors"
    stored.write_bytes(stored.read_bytes()[:1000])
    notes: list[str] = []
    pipeline = ErasePipeline.load(published_folder, device="cpu")
    for _ in range(2):
        pipeline.erase(IMAGE, MASK, steps=1, on_note=notes.append)
    assert len(notes) == 1 and "decoder of previews can't be used" in notes[0]


def test_a_decoder_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    save_file({"decoder.layers.0.weight": torch.zeros(3)}, tmp_path / "tiny.safetensors")
    with pytest.raises(ModelError, match="does not fit"):
        import_model(tmp_path / "tiny.safetensors")
    assert installed_path("taesdxl") is None
