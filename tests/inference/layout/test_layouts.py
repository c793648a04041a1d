"""Layouts: measured of pictures, and filled without a network."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from inference.layout import (
    CELLS,
    base_of,
    condition_of,
    edge_fill,
    fold,
    harmonic_fill,
    latents_of,
    layout_of,
    measure,
    patch_fill_layouts,
    unfold,
)


def _half_plane(angle: float) -> Tensor:
    """``(1, 4, 64, 64)``: dark on one side of a line through the middle, bright on the other."""
    line = torch.arange(CELLS, dtype=torch.float32) - CELLS / 2 + 0.5
    side = torch.cos(torch.tensor(angle)) * line[None] + torch.sin(torch.tensor(angle)) * line[:, None]
    return (1.6 * torch.sigmoid(2 * side) - 0.8)[None, None].expand(1, 4, CELLS, CELLS).contiguous()


def _across(width: int) -> Tensor:
    """A hole across the middle that the edge runs through."""
    hole = torch.zeros(1, 1, CELLS, CELLS)
    half = width // 2
    hole[..., CELLS // 2 - half : CELLS // 2 + half, CELLS // 2 - 14 : CELLS // 2 + 14] = 1
    return hole


def _error(filled: Tensor, truth: Tensor, hole: Tensor) -> float:
    return float(((filled - truth)[:, :3].square() * hole).sum() / hole.sum())


def test_a_flat_picture_is_its_colour_without_energy() -> None:
    layout, hole = measure(torch.full((1, 3, 256, 256), 255.0))
    assert layout.shape == (1, 4, CELLS, CELLS) and not hole.any()
    assert torch.allclose(layout[:, :3], torch.ones(1)) and torch.equal(layout[:, 3], -torch.ones(1, CELLS, CELLS))


def test_what_is_under_a_hole_has_no_influence() -> None:
    generator = torch.Generator().manual_seed(1)
    picture = 255 * torch.rand(1, 3, 256, 256, generator=generator)
    hole = torch.zeros(1, 1, 256, 256)
    hole[..., 50:123, 61:90] = 1
    other = torch.where(hole > 0, 255 * torch.rand(1, 3, 256, 256, generator=generator), picture)
    first, second = measure(picture, hole), measure(other, hole)
    assert torch.equal(first[0], second[0]) and torch.equal(first[1], second[1])


def test_a_cell_is_a_hole_where_less_than_half_of_it_is_known() -> None:
    hole = torch.zeros(1, 1, 256, 256)
    hole[..., :4, :1] = 1  # a quarter of the first cell
    hole[..., :4, 4:7] = 1  # three quarters of the second
    picture = torch.zeros(1, 3, 256, 256)
    picture[..., :4, 1:4] = 255.0
    layout, cells = measure(picture, hole)
    assert cells.sum() == 1 and cells[0, 0, 0, 1] == 1
    assert torch.allclose(layout[0, :3, 0, 0], torch.ones(3))  # the mean of what is known of it


@given(st.sampled_from([2, 4]), st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_folding_loses_nothing(factor: int, seed: int) -> None:
    layout = torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(seed))
    assert torch.equal(unfold(fold(layout, factor), factor), layout)


@pytest.mark.parametrize("angle", [0.0, 0.4, 0.8, 2.0])
def test_an_edge_goes_on_through_a_hole(angle: float) -> None:
    truth, hole = _half_plane(angle), _across(16)
    along, smooth = edge_fill(truth, hole), harmonic_fill(truth, hole)
    assert _error(along, truth, hole) < 0.5 * _error(smooth, truth, hole)


@pytest.mark.parametrize("fill", [harmonic_fill, edge_fill, lambda v, h: patch_fill_layouts(v, h, harmonic_fill(v, h))])
def test_fills_leave_what_is_known_and_ignore_what_is_not(fill: object) -> None:
    generator = torch.Generator().manual_seed(2)
    layout, hole = 2 * torch.rand(2, 4, CELLS, CELLS, generator=generator) - 1, _across(12).expand(2, -1, -1, -1)
    other = torch.where(hole > 0, torch.rand(layout.shape, generator=generator), layout)
    assert callable(fill)
    filled, same = fill(layout, hole), fill(other, hole)
    assert torch.equal(filled, same)
    outside = (hole == 0).expand_as(layout)
    assert torch.allclose(filled[outside], layout[outside], atol=1e-5)
    assert torch.isfinite(filled).all()


def test_patches_go_on_with_stripes() -> None:
    stripes = torch.sign(torch.sin(torch.arange(CELLS) * torch.pi / 4 + 0.1))
    truth = (0.7 * stripes)[None, None, None].expand(1, 4, CELLS, CELLS).contiguous()
    hole = _across(14)
    smooth = harmonic_fill(truth, hole)
    assert _error(patch_fill_layouts(truth, hole, smooth), truth, hole) < 0.1 * _error(smooth, truth, hole)


def test_nothing_known_is_no_failure() -> None:
    layout, hole = torch.zeros(1, 4, CELLS, CELLS), torch.ones(1, 1, CELLS, CELLS)
    edges = edge_fill(layout, hole)
    assert torch.isfinite(edges).all() and torch.isfinite(patch_fill_layouts(layout, hole, edges)).all()


def test_latents_stand_for_the_layout() -> None:
    truth, hole = _half_plane(0.3), _across(16)
    edges, patches = harmonic_fill(truth, hole), edge_fill(truth, hole)
    latents, inside = latents_of(truth, hole, edges, patches, 4)
    assert latents.shape == (1, 64, 16, 16) and inside.shape == latents.shape
    assert torch.allclose(layout_of(latents, hole, edges, patches, 4), truth, atol=1e-5)
    nothing = layout_of(torch.zeros_like(latents), hole, edges, patches, 4)
    assert torch.allclose(nothing, base_of(edges, patches))
    shown = condition_of(truth, hole, edges, patches, 4)
    hidden = condition_of(truth * (1 - hole), hole, edges, patches, 4)
    assert shown.shape[1] == 16 + 3 * 64 and torch.equal(shown, hidden)
