"""What networks are asked for, against sums written out."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from training.objectives import OBJECTIVES, Inputs, Objective, colour_map, draw_timesteps, hole_error, make_objective

COLOURS = torch.tensor([[1.0, 0.5, 0.0, 0.0], [1.0, 0.0, 0.5, 0.0], [1.0, 0.0, 0.0, -0.5]])


def build(name: str, seed: int = 0, batch: int = 3) -> tuple[Objective, Inputs, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    objective = make_objective(name, lambda: COLOURS)
    clean, noise = (torch.randn(batch, 4, 8, 8, generator=generator) for _ in range(2))
    hole = torch.zeros(batch, 1, 8, 8)
    hole[:, :, 2:5, 2:6] = 1
    known = torch.where(hole > 0, torch.full_like(clean, 0.3), clean)
    signal = torch.tensor([0.99, 0.6, 0.1]).view(-1, 1, 1, 1)[:batch]
    return objective, objective.inputs(clean, known, hole, noise, signal, (1 - signal**2).sqrt()), clean, noise


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_right_answer_has_no_error_and_gives_the_clean_latents_back(name: str) -> None:
    objective, inputs, _, _ = build(name)
    assert inputs.sample.shape == (3, 9, 8, 8)
    assert objective.error(inputs.target, inputs.target, inputs).item() == 0
    wrong = objective.error(inputs.target + 0.1, inputs.target, inputs)
    assert wrong.item() > 0
    torch.testing.assert_close(
        objective.clean(inputs.target, inputs),
        inputs.clean,
        rtol=1e-3,
        atol=1e-4,
    )


def test_epsilon_is_as_released() -> None:
    objective, inputs, clean, noise = build("epsilon")
    assert torch.equal(inputs.clean, clean) and torch.equal(inputs.target, noise)
    torch.testing.assert_close(inputs.noisy[1], 0.6 * clean[1] + 0.8 * noise[1])
    mask = torch.zeros(1, 1, 16, 16)
    mask[..., 1, 1] = 1  # nearest neighbour sees every eighth pixel only
    assert objective.hole(mask, 8).sum() == 0
    picture = torch.rand(1, 3, 16, 16)
    assert torch.equal(objective.condition(picture, mask, None), picture * (1 - mask))


def test_a_residual_is_nothing_where_the_fill_is_right() -> None:
    _, inputs, _, _ = build("v_residual")
    outside = (inputs.hole == 0).expand_as(inputs.clean)
    assert inputs.clean[outside].abs().max() < 1e-5
    assert inputs.clean[~outside].abs().mean() > 0.1
    assert OBJECTIVES["v_residual"]().hole(torch.eye(16)[None, None], 8).sum() == 2


def test_errors_in_the_hole_count_twenty_times() -> None:
    hole = torch.tensor([1.0, 0.0, 0.0, 1.0]).reshape(1, 1, 2, 2)
    error = torch.tensor([1.0, 4.0, 9.0, 16.0]).reshape(1, 1, 2, 2).expand(1, 2, 2, 2)
    expected = (1 * 1 + 0.05 * 4 + 0.05 * 9 + 1 * 16) / 2.1
    assert hole_error(error, hole).item() == pytest.approx(expected)


def test_a_loud_sample_counts_by_its_inverse_power() -> None:
    objective, inputs, _, _ = build("v_whitened", batch=1)
    loud = inputs.target * 100
    error = objective.error(torch.zeros_like(loud), loud, inputs)
    assert error.item() == pytest.approx(1)  # all of it wrong is 1, not 10,000


def test_an_error_counts_by_the_colour_it_makes() -> None:
    """In logarithms, so that the same error in a sample that is all wrong matters less than in one nearly right."""
    objective, inputs, _, _ = build("v_residual_colour", batch=1)
    unseen = torch.linalg.svd(COLOURS)[2][-1]  # the direction of latents that no colour has
    wrong = {}
    for name, direction in (("unseen", unseen), ("seen", COLOURS[0])):
        shift = (direction / direction.norm())[None, :, None, None].expand_as(inputs.target)
        wrong[name] = objective.error(inputs.target + shift, inputs.target, inputs).item()
    plain = 0.1 / 4  # the mean over channels of a shift of length 1
    assert wrong["unseen"] == pytest.approx(plain, rel=1e-3)
    assert wrong["seen"] > 10 * wrong["unseen"]
    colour = COLOURS.sum(1).square().mean()  # everywhere the same, so the hole's share does not matter
    expected = torch.log1p(colour / 2e-3) + 0.1
    assert objective.error(inputs.target + 1, inputs.target, inputs).item() == pytest.approx(expected.item(), rel=1e-4)


def test_latents_are_whitened_where_the_objective_says_so() -> None:
    for name, kind in OBJECTIVES.items():
        _, inputs, _, _ = build(name)
        assert (inputs.whitening is not None) == kind.whitens, name


def test_colours_are_the_means_of_cells() -> None:
    generator = torch.Generator().manual_seed(2)
    latents = torch.randn(5, 4, 6, 6, generator=generator)
    cells = torch.einsum("kc,bchw->bkhw", COLOURS, latents) + 0.2
    pictures = cells.repeat_interleave(8, 2).repeat_interleave(8, 3)
    torch.testing.assert_close(colour_map(latents, pictures), COLOURS, rtol=1e-4, atol=1e-4)


def test_a_further_fill_is_whitened_as_the_first_one() -> None:
    objective, inputs, clean, noise = build("v_residual")
    known = torch.where(inputs.hole > 0, torch.full_like(clean, 0.3), clean)
    more = objective.inputs(clean, known, inputs.hole, noise, inputs.signal, inputs.spread, known)
    assert torch.equal(more.sample[:, :9], inputs.sample)
    assert torch.equal(more.sample[:, 9:], inputs.sample[:, 5:])


def test_timesteps_are_drawn_as_the_names_say() -> None:
    generator = torch.Generator().manual_seed(0)
    normal, uniform = torch.randn(20000, generator=generator), torch.rand(20000, 2, generator=generator)
    lognorm = draw_timesteps(20000, "lognorm", 0.0, normal, uniform)
    assert torch.equal(lognorm, (1000 * torch.sigmoid(normal)).long())
    assert 0.66 < ((lognorm > 269) & (lognorm < 731)).float().mean() < 0.70  # one standard deviation
    flat = draw_timesteps(20000, "uniform", 0.1, normal, uniform)
    assert 0 <= int(flat.min()) < 10
    assert 0.09 < (flat == 999).float().mean() < 0.115
