"""Checkpoints that are wrong, damaged or hostile give one clear error and run nothing."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL
from safetensors.torch import load_file, save_file

from inference import ErasePipeline, ModelError, find_model
from inference.networks.fast.evaluation import EvaluationUNet


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_folder, tmp_path / "model"))


def refuse(folder: Path, message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        ErasePipeline.load(folder, device="cpu")
    assert "\n" not in str(caught.value)


def change(folder: Path, **changes: torch.Tensor | None) -> None:
    path = folder / "unet.safetensors"
    state = load_file(path)
    for key, value in changes.items():
        key = key.replace("__", ".")
        if value is None:
            del state[key]
        else:
            state[key] = value
    save_file(state, path)


def test_missing_entries_are_named(folder: Path) -> None:
    change(folder, embedding_layer__weight=None)
    refuse(folder, "missing: embedding_layer.weight")


def test_other_shapes_are_named(folder: Path) -> None:
    change(folder, embedding_layer__weight=torch.zeros(20, 13))
    refuse(folder, r"embedding_layer.weight is \(20, 13\), not \(20, 12\)")


def test_unexpected_entries_are_named_and_counted(folder: Path) -> None:
    change(folder, **{f"extra{i}": torch.zeros(1) for i in range(5)})
    refuse(folder, "unexpected: extra0, extra1, extra2 and 2 more")


def test_values_that_are_not_finite_are_named(folder: Path) -> None:
    change(folder, embedding_layer__weight=torch.full((20, 12), torch.nan))
    refuse(folder, "not finite in: embedding_layer.weight")


@pytest.mark.parametrize("dtype", [torch.complex64, torch.int32, torch.bool])
def test_values_that_are_no_floats_are_named(published_folder: Path, dtype: torch.dtype) -> None:
    refuse_tensor(published_folder, lambda weight: weight.to(dtype))


def test_sparse_and_absent_tensors_are_named(published_folder: Path) -> None:
    refuse_tensor(published_folder, lambda weight: weight.to_sparse())
    refuse_tensor(published_folder, lambda weight: weight.to("meta"))


def refuse_tensor(folder: Path, change: Callable[[torch.Tensor], torch.Tensor]) -> None:
    path = folder / "diffusion_pytorch_model.bin"
    state = torch.load(path, weights_only=True)
    torch.save({**state, "embedding_layer.weight": change(state["embedding_layer.weight"])}, path)
    refuse(folder, "not plain numbers: embedding_layer.weight is")
    torch.save(state, path)


@pytest.mark.parametrize("keep", [0, 7, 100, 5000])
def test_a_truncated_file_is_refused(folder: Path, keep: int) -> None:
    path = folder / "unet.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    refuse(folder, "unet.safetensors is damaged")


@pytest.mark.parametrize("missing", ["unet.safetensors", "autoencoder.safetensors"])
def test_a_missing_file_is_named(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    refuse(folder, f"{missing} is missing")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"unet": 3}', '{"unet": {}}', '{"unet": {"colour": 1}, "schedule": {}}']
)
def test_a_damaged_config_is_refused(folder: Path, text: str) -> None:
    (folder / "config.json").write_text(text)
    with pytest.raises(ModelError):
        ErasePipeline.load(folder, device="cpu")


def test_unknown_erase_settings_are_named(folder: Path) -> None:
    values = json.loads((folder / "config.json").read_text())
    values["erase"]["speed"] = 11
    (folder / "config.json").write_text(json.dumps(values))
    refuse(folder, "unknown erase settings: speed")


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("unet", "groups", 0),
        ("unet", "widths", []),
        ("unet", "grid", "64"),
        ("unet", "ffn_ratio", "wide"),
        ("erase", "strength", "strong"),
        ("erase", "guidance", None),
        ("erase", "condition", "blue"),
        ("erase", "fill_radius", 0),
        ("schedule", "prediction_type", "guess"),
        ("schedule", "beta_schedule", "guess"),
        ("schedule", "speed", 11),
        ("autoencoder", "scale", 0),
        ("autoencoder", "encoder_width", -1),
    ],
)
def test_settings_that_make_no_sense_are_refused(folder: Path, part: str, key: str, value: object) -> None:
    values = json.loads((folder / "config.json").read_text())
    values[part][key] = value
    (folder / "config.json").write_text(json.dumps(values))
    refuse(folder, ".")


@pytest.mark.parametrize(
    ("key", "value"),
    [("scaling_factor", None), ("scaling_factor", 0), ("block_out_channels", []), ("norm_num_groups", 0)],
)
def test_autoencoder_settings_that_make_no_sense_are_refused(published_folder: Path, key: str, value: object) -> None:
    config = published_folder.parent / "vae" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), key: value}))
    refuse(published_folder, "does not describe an autoencoder")


def test_an_autoencoder_of_another_width_is_refused(published_folder: Path) -> None:
    config = published_folder.parent / "vae" / "config.json"
    settings = {**json.loads(config.read_text()), "latent_channels": 16}
    config.write_text(json.dumps(settings))
    blocks = {"down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4}
    del settings["_class_name"]
    torch.save(AutoencoderKL(**settings, **blocks).state_dict(), config.with_name("diffusion_pytorch_model.bin"))
    refuse(published_folder, "has 16 latent channels, the model 4")


def test_no_model_at_all(tmp_path: Path) -> None:
    refuse(tmp_path / "nowhere", "There is no model")
    refuse(tmp_path, "holds no checkpoint")
    (tmp_path / "pretrained").mkdir()
    refuse(tmp_path, "Perhaps one of its folders is meant: pretrained")


class Hostile:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("hostile-was-here",)


def test_a_hostile_pickle_runs_nothing(published_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"a": Hostile()}, published_folder / "diffusion_pytorch_model.bin")
    refuse(published_folder, "holds more than tensors")
    assert not (tmp_path / "hostile-was-here").exists()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("protocol", [2, 4])
def test_a_bare_pickle_is_refused_without_noise(
    published_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: int
) -> None:
    monkeypatch.chdir(tmp_path)
    (published_folder / "diffusion_pytorch_model.bin").write_bytes(pickle.dumps(Hostile(), protocol))
    refuse(published_folder, "holds more than tensors")
    assert not (tmp_path / "hostile-was-here").exists()


def test_a_published_folder_without_its_autoencoder(published_folder: Path, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "vae")
    refuse(published_folder, "has no vae folder")


def test_a_checkpoint_of_another_network(published_folder: Path) -> None:
    torch.save({"weight": torch.zeros(3)}, published_folder / "diffusion_pytorch_model.bin")
    refuse(published_folder, "does not fit this model; missing: .* more; unexpected: weight")
    torch.save([1, 2], published_folder / "diffusion_pytorch_model.bin")
    refuse(published_folder, "not a plain state dict")


def test_safetensors_go_before_pickles_and_files_can_be_named(published_folder: Path) -> None:
    checkpoint = published_folder / "diffusion_pytorch_model.bin"
    save_file(torch.load(checkpoint, weights_only=True), checkpoint.with_suffix(".safetensors"))
    assert find_model(published_folder).files["unet"].suffix == ".safetensors"
    assert find_model(checkpoint).files["unet"] == checkpoint
    (published_folder / "diffusion_pytorch_model.safetensors").unlink()
    shutil.copy(checkpoint, published_folder / "one.bin")
    assert find_model(published_folder).files["unet"] == checkpoint
    checkpoint.rename(published_folder / "two.bin")
    refuse(published_folder, "several checkpoints: one.bin, two.bin")


def test_half_precision_checkpoints_compute_in_single(folder: Path) -> None:
    state = {k: v.half() if v.is_floating_point() else v for k, v in load_file(folder / "unet.safetensors").items()}
    save_file(state, folder / "unet.safetensors")
    pipeline = ErasePipeline.load(folder, device="cpu")
    assert pipeline.model is not None and isinstance(pipeline.model.unet, EvaluationUNet)
    assert {p.dtype for p in pipeline.model.unet.parameters()} == {torch.float32}
