"""The network and the sampling loop agree with the published code's outputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from inference.networks.build import build_unet
from inference.networks.config import RELEASED_SCHEDULE
from inference.networks.fast.evaluation import EvaluationUNet
from inference.networks.unet import MoebiusUNet
from inference.sampling.loop import Step, denoise, plan_timesteps
from inference.sampling.schedules import ddim
from tests.oracles.stand_in import fill

DATA = Path(__file__).parents[1] / "data"
TOLERANCE = 1e-4


def relative(value: Tensor, reference: np.ndarray) -> float:
    return float(np.abs(value.numpy() - reference).max() / np.abs(reference).max())


@pytest.fixture(scope="module")
def moebius() -> MoebiusUNet:
    with torch.device("meta"):
        unet = build_unet("moebius")
    fill(unet)
    return unet


def test_keys_and_shapes_are_the_published_ones() -> None:
    with torch.device("meta"):
        unet = build_unet("moebius")
    expected = json.loads((DATA / "moebius_keys.json").read_text())
    state = unet.state_dict()
    assert {key: list(value.shape) for key, value in state.items()} == expected
    assert list(state) == list(expected)
    assert len(state) == 1203
    assert sum(p.numel() for p in unet.parameters()) == 226_041_531


@pytest.mark.parametrize("form", ["as trained", "for evaluation"])
def test_forward_agrees_with_the_published_code(moebius: MoebiusUNet, form: str) -> None:
    network = moebius if form == "as trained" else EvaluationUNet(moebius).pack()
    with np.load(DATA / "moebius_forward.npz") as reference:
        with torch.inference_mode():
            output = network(
                torch.from_numpy(reference["x"]),
                torch.tensor([int(reference["t"])]),
                torch.from_numpy(reference["ids"]),
            )
        assert relative(output.sample, reference["sample"]) < TOLERANCE
        assert len(output.block_outputs) == 6
        for index, block in enumerate(output.block_outputs):
            assert relative(block[:, :8, ::4, ::4], reference[f"block{index}"]) < TOLERANCE


def test_sampling_agrees_with_the_published_code(moebius: MoebiusUNet) -> None:
    scheduler = ddim(RELEASED_SCHEDULE)
    with np.load(DATA / "moebius_ddim.npz") as reference:
        assert plan_timesteps(scheduler, 20, 0.99).tolist() == reference["timesteps_20_0.99"].tolist()
        timesteps = plan_timesteps(scheduler, 4, 0.99)
        assert timesteps.tolist() == reference["timesteps"].tolist()
        inputs: dict[str, Any] = {
            name: torch.from_numpy(np.concatenate([reference[key] for key in keys], 1))
            for name, *keys in (
                ("start", "latents"),
                ("noise", "noise"),
                ("condition", "mask", "masked_latents"),
            )
        }
        noised = scheduler.add_noise(inputs["start"], inputs["noise"], timesteps[:1])
        assert relative(noised, reference["x_start"]) < TOLERANCE
        steps: list[Step] = []
        final = denoise(
            moebius,
            scheduler,
            timesteps,
            guidance=float(reference["guidance"]),
            on_step=steps.append,
            **inputs,
        )
        assert [s.index for s in steps] == [0, 1, 2]
        for step in steps:
            assert relative(step.prediction, reference[f"eps{step.index}"]) < TOLERANCE
            assert relative(step.latents, reference[f"x{step.index}"]) < TOLERANCE
            assert relative(step.x0, reference[f"x0_{step.index}"]) < TOLERANCE
        assert relative(final, reference["x2"]) < TOLERANCE
