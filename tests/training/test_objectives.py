"""What networks are asked for, against sums written out."""

from __future__ import annotations

import torch
from torch import Tensor

from training.objectives import Epsilon, Inputs, draw_timesteps


def build() -> tuple[Inputs, Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    clean, noise = (torch.randn(3, 4, 8, 8, generator=generator) for _ in range(2))
    hole = torch.zeros(3, 1, 8, 8)
    hole[:, :, 2:5, 2:6] = 1
    known = torch.where(hole > 0, torch.full_like(clean, 0.3), clean)
    signal = torch.tensor([0.99, 0.6, 0.1]).view(-1, 1, 1, 1)
    inputs = Epsilon().inputs(clean, known, hole, noise, signal, (1 - signal**2).sqrt())
    return inputs, clean, noise, torch.cat([hole, known], 1)


def test_the_right_answer_has_no_error_and_gives_the_clean_latents_back() -> None:
    objective, (inputs, _, _, given) = Epsilon(), build()
    assert inputs.sample.shape == (3, 9, 8, 8) and torch.equal(inputs.sample[:, 4:], given)
    assert objective.error(inputs.target, inputs.target).item() == 0
    assert objective.error(inputs.target + 0.1, inputs.target).item() > 0
    torch.testing.assert_close(objective.clean(inputs.target, inputs), inputs.clean, rtol=1e-3, atol=1e-4)


def test_epsilon_is_as_released() -> None:
    objective, (inputs, clean, noise, _) = Epsilon(), build()
    assert torch.equal(inputs.clean, clean) and torch.equal(inputs.target, noise)
    torch.testing.assert_close(inputs.noisy[1], 0.6 * clean[1] + 0.8 * noise[1])
    mask = torch.zeros(1, 1, 16, 16)
    mask[..., 1, 1] = 1  # nearest neighbour sees every eighth pixel only
    assert objective.hole(mask, 8).sum() == 0
    picture = torch.rand(1, 3, 16, 16)
    assert torch.equal(objective.condition(picture, mask), picture * (1 - mask))


def test_a_further_fill_comes_last() -> None:
    inputs, clean, noise, given = build()
    hole, known = given[:, :1], given[:, 1:]
    more = Epsilon().inputs(clean, known, hole, noise, inputs.signal, inputs.spread, known + 1)
    assert torch.equal(more.sample[:, :9], inputs.sample)
    assert torch.equal(more.sample[:, 9:], known + 1)


def test_timesteps_are_drawn_as_the_names_say() -> None:
    generator = torch.Generator().manual_seed(0)
    normal, uniform = torch.randn(20000, generator=generator), torch.rand(20000, 2, generator=generator)
    lognorm = draw_timesteps(20000, "lognorm", 0.0, normal, uniform)
    assert torch.equal(lognorm, (1000 * torch.sigmoid(normal)).long())
    assert 0.66 < ((lognorm > 269) & (lognorm < 731)).float().mean() < 0.70  # one standard deviation
    flat = draw_timesteps(20000, "uniform", 0.1, normal, uniform)
    assert 0 <= int(flat.min()) < 10
    assert 0.09 < (flat == 999).float().mean() < 0.115
