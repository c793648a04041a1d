"""Presets of speed: what each stands for with every kind of model, and in which precision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from inference import ErasePipeline, InputError
from inference.erase import chosen_settings
from inference.models import devices
from inference.models.catalogue import PUBLISHED, EraseSettings, ModelFolder, find_model
from inference.models.presets import QUICK, SPEEDS, Preset, chosen_preset, presets_of
from inference.networks import PIXELHACKER_CONFIGS, RELEASED_SCHEDULE, UNET_CONFIGS
from inference.networks.config import PatchAutoencoderConfig

CPU = torch.device("cpu")


def folder(settings: EraseSettings = PUBLISHED, **options: object) -> ModelFolder:
    """A model that is nowhere."""
    given = {"unet": UNET_CONFIGS["moebius"], "autoencoder": None, "files": {}, **options}
    return ModelFolder("it", Path("it"), "It", "", schedule=RELEASED_SCHEDULE, settings=settings, **given)  # type: ignore[arg-type]


KINDS = {
    "published": folder(),
    "teacher": folder(replace(PUBLISHED, guidance=4.5), unet=PIXELHACKER_CONFIGS["pixelhacker"]),
    "layout": folder(EraseSettings(steps=8, strength=1.0), layout=True),
    "flux": folder(EraseSettings(steps=50, strength=1.0, guidance=30.0), unet=None, flux=True),
    "few steps": folder(EraseSettings(steps=6, strength=1.0, guidance=1.0)),
    "bundled": find_model("moebius-nano"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_slower_than_the_one_before_and_one_is_the_models_own(kind: str) -> None:
    model = KINDS[kind]
    presets = presets_of(model)
    assert tuple(presets) == SPEEDS
    cost = [preset.steps * (1 + preset.guidance_until) / preset.deep_every for preset in presets.values()]
    assert cost == sorted(cost)
    assert Preset.of(model.settings) in presets.values()
    for preset in presets.values():
        options = {name: value for name, value in vars(preset).items() if name != "precision"}
        settings = chosen_settings(model.settings, **options | {"context": preset.context or None})
        assert Preset.of(settings) == replace(preset, precision="auto"), "each is one that can be erased with"


def test_the_published_models_are_quick_by_solver_guidance_precision_and_size() -> None:
    presets = presets_of(KINDS["published"])
    assert presets["best"] == Preset.of(KINDS["published"].settings)
    fast, balanced = presets["fast"], presets["balanced"]
    assert (fast.solver, fast.guidance_until, fast.precision, fast.context) == ("unipc", 0.5, QUICK, 384)
    assert (balanced.solver, balanced.precision, balanced.context) == ("unipc", QUICK, 0)
    assert (fast.deep_every, balanced.deep_every) == (2, 1)
    assert presets_of(KINDS["teacher"])["fast"].deep_every == 1, "it can't use them again"
    assert fast.guidance == balanced.guidance == 2.0
    assert presets_of(KINDS["teacher"])["fast"].guidance == 4.5


def test_the_patch_fill_has_nothing_to_choose() -> None:
    model = find_model("patch-fill")
    assert presets_of(model) == {}
    assert chosen_preset(model, "fast") == Preset.of(model.settings), "for a command that names one for all models"


def test_a_speed_there_is_not() -> None:
    with pytest.raises(InputError, match="fast, balanced, best"):
        chosen_preset(KINDS["published"], "warp")


@pytest.fixture
def able(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], None]:
    return lambda names: monkeypatch.setattr(devices, "precisions", lambda device: names)


@pytest.mark.parametrize(
    ("kind", "names", "expected"),
    [
        ("published", ["fp32", "bf16", "int8"], "bf16"),
        ("published", ["fp32", "int8"], "fp32"),
        ("published", ["fp32"], "fp32"),
        ("teacher", ["fp32", "bf16", "int8"], "bf16"),
        ("layout", ["fp32", "bf16"], "fp32"),
        ("bundled", ["fp32", "bf16", "int8"], "fp32"),
        ("flux", ["fp32", "bf16"], "fp32"),
    ],
)
def test_quick_is_what_the_processor_and_the_model_gain_by(
    able: Callable[[list[str]], None], kind: str, names: list[str], expected: str
) -> None:
    able(names)
    assert devices.precision_for(KINDS[kind], CPU, QUICK) == expected


def test_a_graphics_card_is_quick_in_what_it_takes_anyway(able: Callable[[list[str]], None]) -> None:
    able(["fp16", "fp32", "bf16"])
    assert devices.precision_for(KINDS["published"], torch.device("cuda"), QUICK) == "fp16"
    assert devices.precision_for(KINDS["flux"], torch.device("cuda"), QUICK) == "bf16", "its only one there"


def test_the_small_networks_autoencoder_tells_them() -> None:
    small = PatchAutoencoderConfig()
    assert devices.precision_for(folder(autoencoder=small), CPU, QUICK) == "fp32"


def test_a_model_loads_in_the_quick_precision(published_folder: Path) -> None:
    pipeline = ErasePipeline.load(published_folder, "cpu", precision=QUICK)
    assert pipeline.precision == devices.quick_precision(CPU, pipeline.folder)
