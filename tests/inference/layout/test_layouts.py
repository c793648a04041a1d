"""Pictures in cells, the fill along edges, the choice between two fills, and what a denoising network is given."""

from __future__ import annotations

from dataclasses import fields

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from inference.layout import (
    CHANNELS,
    FOLD,
    SCALE,
    Hints,
    answered,
    appearance,
    base_of,
    colours_of,
    condition_of,
    hints_of,
    in_cells,
    terms,
    unfold,
)
from inference.layout.cells import PIXELS, fold, gradient_energy, known_colours, log_energy
from inference.layout.choice import share_of_edges
from inference.layout.diffusion import edge_fill
from inference.models import find_model
from inference.networks import UNetConfig

CELLS = 64


def _half_plane(angle: float) -> Tensor:
    """``(1, 3, 64, 64)``: dark on one side of a line through the middle, bright on the other."""
    line = torch.arange(CELLS, dtype=torch.float32) - CELLS / 2 + 0.5
    side = torch.cos(torch.tensor(angle)) * line[None] + torch.sin(torch.tensor(angle)) * line[:, None]
    return (1.6 * torch.sigmoid(2 * side) - 0.8)[None, None].expand(1, 3, CELLS, CELLS).contiguous()


def _across(width: int) -> Tensor:
    """A hole across the middle that the edge runs through."""
    hole = torch.zeros(1, 1, CELLS, CELLS)
    half = width // 2
    hole[..., CELLS // 2 - half : CELLS // 2 + half, CELLS // 2 - 14 : CELLS // 2 + 14] = 1
    return hole


def _error(filled: Tensor, truth: Tensor, hole: Tensor) -> float:
    return float(((filled - truth).square() * hole).sum() / hole.sum())


def _pixels(seed: int = 1) -> tuple[Tensor, Tensor, Tensor]:
    """A noisy picture of 64 pixels with an edge, a patch fill of it, its hole."""
    generator = torch.Generator().manual_seed(seed)
    picture = (_half_plane(0.4) + 1) * 127.5 + 8 * torch.randn(1, 3, CELLS, CELLS, generator=generator)
    picture, hole = picture.clamp(0, 255), _across(20)
    return picture, torch.where(hole > 0, picture.roll(9, 3), picture), hole


def test_a_flat_picture_is_its_colour_without_energy() -> None:
    white, hole = torch.full((1, 3, 256, 256), 255.0), torch.zeros(1, 1, 256, 256)
    colours, unknown = known_colours(white, hole, PIXELS)
    assert torch.equal(colours, torch.ones(1, 3, CELLS, CELLS)) and not unknown.any()
    assert torch.equal(log_energy(gradient_energy(white)), -torch.ones_like(hole))


def test_what_is_under_a_hole_has_no_influence() -> None:
    generator = torch.Generator().manual_seed(1)
    picture = 255 * torch.rand(1, 3, 256, 256, generator=generator)
    hole = torch.zeros(1, 1, 256, 256)
    hole[..., 50:123, 61:90] = 1
    other = torch.where(hole > 0, 255 * torch.rand(1, 3, 256, 256, generator=generator), picture)
    first, second = known_colours(picture, hole, PIXELS), known_colours(other, hole, PIXELS)
    assert torch.equal(first[0], second[0]) and torch.equal(first[1], second[1])


def test_a_cell_is_a_hole_where_less_than_half_of_it_is_known() -> None:
    hole = torch.zeros(1, 1, 256, 256)
    hole[..., :4, :1] = 1  # a quarter of the first cell
    hole[..., :4, 4:7] = 1  # three quarters of the second
    picture = torch.zeros(1, 3, 256, 256)
    picture[..., :4, 1:4] = 255.0
    colours, cells = known_colours(picture, hole, PIXELS)
    assert cells.sum() == 1 and cells[0, 0, 0, 1] == 1
    assert torch.allclose(colours[0, :, 0, 0], torch.ones(3))  # the mean of what is known of it


@given(st.sampled_from([2, 4]), st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_folding_loses_nothing(factor: int, seed: int) -> None:
    layout = torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(seed))
    assert torch.equal(unfold(fold(layout, factor), factor), layout)


@pytest.mark.parametrize("angle", [0.0, 0.4, 0.8, 2.0])
def test_an_edge_goes_on_through_a_hole(angle: float) -> None:
    truth, hole = _half_plane(angle), _across(16)
    flat = torch.where(hole > 0, truth.mean(), truth)
    assert _error(edge_fill(truth, hole), truth, hole) < 0.2 * _error(flat, truth, hole)


def test_the_fill_along_edges_leaves_what_is_known_and_ignores_what_is_not() -> None:
    generator = torch.Generator().manual_seed(2)
    layout, hole = 2 * torch.rand(2, 3, CELLS, CELLS, generator=generator) - 1, _across(12).expand(2, -1, -1, -1)
    other = torch.where(hole > 0, torch.rand(layout.shape, generator=generator), layout)
    filled, same = edge_fill(layout, hole), edge_fill(other, hole)
    assert torch.equal(filled, same) and torch.isfinite(filled).all()
    outside = (hole == 0).expand_as(layout)
    assert torch.allclose(filled[outside], layout[outside], atol=1e-5)


def test_hints_tell_nothing_of_what_is_hidden() -> None:
    picture, patched, hole = _pixels()
    other = torch.where(hole > 0, 255 - picture, picture)
    first, second = hints_of(picture, patched, hole), hints_of(other, patched, hole)
    for field in fields(Hints):
        assert torch.equal(getattr(first, field.name), getattr(second, field.name)), field.name
    known = (first.share == 0).expand_as(first.edges)
    assert torch.allclose(first.edges[known], in_cells(picture)[known])


def test_hints_are_finite_where_nothing_or_everything_is_known() -> None:
    picture, patched, hole = _pixels()
    for unknown in (torch.zeros_like(hole), torch.ones_like(hole)):
        hints = hints_of(picture, patched, unknown)
        assert torch.isfinite(condition_of(hints)).all() and torch.isfinite(base_of(hints)).all()


def test_the_choice_is_a_share_and_sees_how_fills_look() -> None:
    hints = hints_of(*_pixels())
    seen = appearance(hints)
    share = share_of_edges(seen)
    assert share.shape == hints.share.shape and share.min() >= 0 and share.max() <= 1
    made = terms(seen)
    assert made.shape[1] == 20 and made.abs().max() < 8
    alike = Hints(hints.patches, hints.patches, hints.share, hints.energy, hints.coherence)
    assert torch.allclose(base_of(alike), hints.patches)


def test_latents_stand_for_colours() -> None:
    picture, patched, hole = _pixels()
    hints = hints_of(picture, patched, hole)
    truth = in_cells(picture)
    wanted = SCALE * (truth - base_of(hints)) * (hints.share > 0)
    latents = fold(torch.cat([wanted, torch.zeros_like(wanted[:, :1])], 1), FOLD)
    assert latents.shape == answered(torch.zeros_like(latents), hints).shape
    inside = (hints.share > 0).expand_as(truth)
    assert torch.allclose(colours_of(latents, base_of(hints))[inside], truth[inside], atol=1e-5)
    assert torch.allclose(colours_of(torch.zeros_like(latents), base_of(hints)), base_of(hints))


def test_a_network_takes_what_it_is_given() -> None:
    hints = hints_of(*_pixels())
    shape = find_model("moebius-nano").unet
    assert isinstance(shape, UNetConfig) and shape.latent_channels == CHANNELS * FOLD**2
    assert condition_of(hints).shape == (1, shape.in_channels - shape.latent_channels, CELLS // 8, CELLS // 8)


def test_an_answer_chooses_between_the_fills_and_adds() -> None:
    hints = hints_of(*_pixels())
    inside = (hints.share > 0).float()
    believed = share_of_edges(appearance(hints))
    cells = torch.zeros(1, CHANNELS, *believed.shape[2:])
    cells[:, 3:] = 1 - believed
    edges = colours_of(answered(fold(cells, FOLD), hints), base_of(hints))
    assert torch.allclose(edges * inside, hints.edges * inside, atol=1e-5)
    cells[:, 3:], cells[:, 0] = 0, 1
    redder = colours_of(answered(fold(cells, FOLD), hints), base_of(hints)) - base_of(hints)
    assert (redder[:, 0] >= 0).all() and redder[:, 0].max() > 0.05 and redder[:, 1:].abs().max() < 1e-6
    assert torch.equal(redder * (1 - inside), torch.zeros_like(redder))
