"""Every solver goes to the same end: checked with a network that knows the true posterior."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from inference.erase.settings import SOLVERS, chosen_settings
from inference.errors import InputError
from inference.models.catalogue import EraseSettings
from inference.networks.config import COSINE_SCHEDULE, RELEASED_SCHEDULE, UNetConfig
from inference.networks.unet import UNetOutput
from inference.sampling.loop import Step, denoise, plan_timesteps
from inference.sampling.schedules import ddim, solver, spaced

MEAN, SPREAD = 0.7, 0.5


class Oracle:
    """The exact prediction for latents drawn from one Gaussian; counts the branches it is asked for."""

    config = UNetConfig()

    def __init__(self, schedule: dict[str, Any]) -> None:
        self.scheduler = ddim(schedule)
        self.rows: list[int] = []

    def __call__(self, sample: Tensor, timesteps: Tensor, input_ids: Tensor) -> UNetOutput:
        self.rows.append(len(input_ids))
        kept = self.scheduler.alphas_cumprod[int(timesteps)]
        a, s = kept.sqrt(), (1 - kept).sqrt()
        x = sample[:, :4]
        x0 = (MEAN * s**2 + SPREAD**2 * a * x) / (a**2 * SPREAD**2 + s**2)
        noise = (x - a * x0) / s
        values = {"epsilon": noise, "sample": x0, "v_prediction": a * noise - s * x0}
        return UNetOutput(values[self.scheduler.config.prediction_type].expand(len(input_ids), -1, -1, -1), ())


SCHEDULES = {
    "epsilon": RELEASED_SCHEDULE,
    "v": {**RELEASED_SCHEDULE, "prediction_type": "v_prediction"},
    "sample": {**COSINE_SCHEDULE, "prediction_type": "sample"},
}


def run(name: str, schedule: dict[str, Any], steps: int, **options: Any) -> tuple[Tensor, list[Step], Oracle]:
    generator = torch.Generator().manual_seed(4)
    start, noise = (torch.randn(1, 4, 8, 8, generator=generator) for _ in range(2))
    oracle = Oracle(schedule)
    seen: list[Step] = []
    oracle.scheduler.set_timesteps(steps)
    timesteps = oracle.scheduler.timesteps
    timesteps = timesteps[timesteps <= 900]  # whatever their number, from the same noise
    values: dict[str, Any] = {"start": start, "noise": noise, "condition": start[:, :0], "guidance": 2.0, **options}
    final = denoise(oracle, oracle.scheduler, timesteps, solver=name, on_step=seen.append, **values)
    return final, seen, oracle


@pytest.mark.parametrize("kind", SCHEDULES)
@pytest.mark.parametrize("name", ["dpm++", "unipc"])
def test_solvers_converge_to_what_ddim_converges_to(name: str, kind: str) -> None:
    truth, _, _ = run("ddim", SCHEDULES[kind], 500)
    plain, _, _ = run("ddim", SCHEDULES[kind], 10)
    quick, steps, _ = run(name, SCHEDULES[kind], 10)
    assert (quick - truth).abs().max() < 0.5 * (plain - truth).abs().max()
    exact, _, _ = run(name, SCHEDULES[kind], 200)
    assert (exact - truth).abs().max() < 0.02
    torch.testing.assert_close(steps[-1].x0, quick, rtol=1e-3, atol=1e-3)
    assert all(torch.isfinite(step.x0).all() for step in steps)


@pytest.mark.parametrize("name", SOLVERS)
def test_only_the_first_steps_are_guided(name: str) -> None:
    whole, _, all_of_them = run(name, RELEASED_SCHEDULE, 10)
    half, _, some = run(name, RELEASED_SCHEDULE, 10, guidance_until=0.4)
    assert all_of_them.rows == [2] * 10
    assert some.rows == [2] * 4 + [1] * 6
    torch.testing.assert_close(half, whole)  # to this network the branches are the same


@settings(deadline=None, max_examples=40)
@given(steps=st.integers(1, 200), strength=st.floats(0.05, 1), name=st.sampled_from(SOLVERS))
def test_spacing_keeps_number_start_and_order(steps: int, strength: float, name: str) -> None:
    base = ddim(RELEASED_SCHEDULE)
    planned = plan_timesteps(base, steps, strength)
    taken = spaced(name, base, planned)
    assert len(taken) == len(planned) and taken[0] == planned[0]
    assert (taken.diff() < 0).all() and taken[-1] >= 0
    if name == "ddim":
        assert torch.equal(taken, planned)


def test_unknown_choices_are_named() -> None:
    with pytest.raises(InputError, match="no solver 'euler'"):
        solver("euler", ddim(RELEASED_SCHEDULE), torch.tensor([5]))
    with pytest.raises(InputError, match="Solver must be"):
        chosen_settings(EraseSettings(), solver="euler")
    with pytest.raises(InputError, match="Guidance can end"):
        chosen_settings(EraseSettings(), guidance_until=1.5)
    assert chosen_settings(EraseSettings(), solver="unipc", guidance_until=0.5).solver == "unipc"
