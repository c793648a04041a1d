"""The erase pipeline keeps its promises with any picture and any mask."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from inference import Cancelled, ErasePipeline, InputError, Preview
from inference.erase.denoising.schedule import schedule_of
from inference.erase.settings import chosen_settings
from inference.models import EraseSettings
from inference.networks.unet import UNetOutput


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    shades = np.stack([x * 255 / width, y * 255 / height, (x + y) * 127 / (width + height)], -1)
    return np.clip(shades + rng.normal(0, 8, shades.shape), 0, 255).astype(np.uint8)


def mask_of(height: int, width: int, *boxes: tuple[int, int, int, int]) -> np.ndarray:
    mask = np.zeros((height, width), np.uint8)
    for x0, y0, x1, y1 in boxes:
        mask[y0:y1, x0:x1] = 255
    return mask


@settings(deadline=None, max_examples=12)
@given(data=st.data(), height=st.integers(1, 300), width=st.integers(1, 300))
def test_only_the_grown_and_faded_mask_changes(
    tiny: ErasePipeline, data: st.DataObject, height: int, width: int
) -> None:
    mask = np.zeros((height, width), np.uint8)
    y, x = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    mask[y : y + data.draw(st.integers(1, 80)), x : x + data.draw(st.integers(1, 80))] = 255
    image = picture(height, width)
    before = image.copy()
    if (mask > 0).all():
        with pytest.raises(InputError):
            tiny.erase(image, mask)
        return
    result = tiny.erase(image, mask)
    assert result.shape == image.shape
    assert result.dtype == np.uint8
    assert np.array_equal(image, before), "the input is not written to"
    changed = (result != image).any(2)
    assert not (changed & ~tiny.affected(mask)).any()


def test_an_exact_mask_is_all_that_changes(tiny: ErasePipeline) -> None:
    image, mask = picture(200, 300), mask_of(200, 300, (100, 60, 160, 120), (20, 20, 24, 24))
    result = tiny.erase(image, mask, exact_mask=True)
    assert ((result != image).any(2) <= (mask > 0)).all()
    assert np.array_equal(tiny.affected(mask, exact=True), mask > 0)
    assert (result != tiny.erase(image, mask)).any()


def test_the_hole_is_filled(tiny: ErasePipeline) -> None:
    image, mask = picture(200, 300), mask_of(200, 300, (100, 60, 160, 120))
    image[mask > 0] = (255, 0, 255)
    result = tiny.erase(image, mask)
    inside = result[70:110, 110:150].reshape(-1, 3).mean(0)
    assert np.abs(inside - (255, 0, 255)).max() > 60


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tiny: ErasePipeline) -> None:
    image, mask = picture(160, 160), mask_of(160, 160, (50, 50, 100, 90))
    first = tiny.erase(image, mask, seed=2**40 + 1)
    assert np.array_equal(first, tiny.erase(image, mask, seed=2**40 + 1))
    assert not np.array_equal(first, tiny.erase(image, mask, seed=7))


def noisy_edge(height: int, width: int) -> NDArray[np.uint8]:
    """A slanted edge between two grainy colours."""
    rows, columns = np.mgrid[:height, :width]
    plain = np.where((rows > 60 + 0.25 * columns)[..., None], (200, 170, 120), (40, 70, 110))
    return np.asarray(plain + np.random.default_rng(0).integers(-20, 21, plain.shape), np.uint8)


def test_an_edge_goes_on_through_the_hole_unless_it_is_not_to() -> None:
    rows, columns = np.mgrid[:160, :240]
    truth = np.where((rows > 60 + 0.25 * columns)[..., None], (200, 170, 120), (40, 70, 110)).astype(np.uint8)
    mask = mask_of(160, 240, (100, 20, 124, 140))
    image = truth.copy()
    image[mask > 0] = (255, 0, 255)
    fill = ErasePipeline.load("patch-fill")
    made = fill.erase(image, mask, exact_mask=True)
    off = np.abs(made.astype(int) - truth).max(2)[mask > 0] > 50
    assert off.mean() < 0.01
    plain = fill.erase(image, mask, exact_mask=True, continue_edges=False)
    assert not np.array_equal(plain, made)
    assert np.array_equal(plain[mask == 0], truth[mask == 0])


def test_each_variant_fills_in_another_way_and_then_the_first_again() -> None:
    image = noisy_edge(160, 240)
    mask = mask_of(160, 240, (100, 20, 124, 140))
    fill = ErasePipeline.load("patch-fill")
    own = fill.erase(image, mask, seed=3)
    made = [fill.erase(image, mask, seed=3, variant=variant) for variant in range(5)]
    assert np.array_equal(made[0], own) and np.array_equal(made[4], own)
    assert len({result.tobytes() for result in made}) == 4
    assert np.array_equal(made[2], fill.erase(image, mask, seed=3, continue_edges=False))
    with pytest.raises(InputError, match="Variant"):
        fill.erase(image, mask, variant=-1)


def test_a_variant_keeps_what_was_chosen() -> None:
    own = EraseSettings(fill_radius=1, continue_edges=False)
    assert [chosen_settings(own, variant=n).fill_radius for n in range(4)] == [1, 3, 1, 1]
    assert not any(chosen_settings(own, variant=n).continue_edges for n in range(4))


def test_a_second_fill_reaches_the_network(two_fills_folder: Path) -> None:
    pipeline = ErasePipeline.load(two_fills_folder, device="cpu")
    assert pipeline.model is not None
    forward = pipeline.model.unet
    seen: list[torch.Tensor] = []

    class Watching:
        config = forward.config

        def __call__(self, sample: torch.Tensor, timesteps: torch.Tensor, ids: torch.Tensor, /) -> UNetOutput:
            seen.append(sample)
            return forward(sample, timesteps, ids)

    pipeline.runner.model = replace(pipeline.model, unet=Watching())
    image, mask = picture(160, 160), mask_of(160, 160, (50, 50, 100, 90))
    pipeline.erase(image, mask, steps=1)
    first, second = seen[0][:, 9:17], seen[0][:, 17:25]
    hole = seen[0][:, 8:9] > 0
    torch.testing.assert_close(torch.where(hole, 0, first), torch.where(hole, 0, second), rtol=0, atol=0.3)
    assert (first - second)[hole.expand_as(first)].abs().mean() > 1e-3


def test_global_random_state_is_not_touched(tiny: ErasePipeline) -> None:
    random.seed(1)
    np.random.seed(1)
    torch.manual_seed(1)
    before = random.getstate(), repr(np.random.get_state()), torch.get_rng_state()
    tiny.erase(picture(100, 100), mask_of(100, 100, (20, 20, 50, 50)))
    assert random.getstate() == before[0]
    assert repr(np.random.get_state()) == before[1]
    assert torch.equal(torch.get_rng_state(), before[2])


def test_previews_form_inside_the_hole_at_every_step(tiny: ErasePipeline) -> None:
    image, mask = picture(700, 1400), mask_of(700, 1400, (100, 100, 160, 150), (1200, 500, 1300, 560))
    seen: list[tuple[int, int, Preview]] = []
    result = tiny.erase(image, mask, steps=3, strength=0.6, on_step=lambda *step: seen.append(step))
    assert len(tiny.plan(mask)) == 2
    assert [step for step, _, _ in seen] == [0, 0, 0, 0, 1, 2, 3, 4, 5, 6]  # two drafts of each hole first
    assert {total for _, total, _ in seen} == {6}
    for _, _, preview in seen:
        x0, y0, x1, y1 = preview.box
        pixels = np.asarray(preview)
        assert pixels.shape == (y1 - y0, x1 - x0, 3)
        outside = ~tiny.affected(mask)[y0:y1, x0:x1]
        assert np.array_equal(pixels[outside], image[y0:y1, x0:x1][outside])
    x0, y0, x1, y1 = seen[-1][2].box
    last = np.asarray(seen[-1][2]).astype(int)
    assert np.abs(last - result[y0:y1, x0:x1]).max() <= 1, "the last preview is the result"


def test_cancelling_at_any_step_stops_there(tiny: ErasePipeline) -> None:
    image, mask = picture(150, 150), mask_of(150, 150, (40, 40, 90, 90))
    for stop in range(5):
        calls: list[int] = []

        def on_step(step: int, total: int, preview: Preview, stop: int = stop, calls: list = calls) -> None:
            calls.append(step)
            if len(calls) == stop + 1:
                raise Cancelled

        with pytest.raises(Cancelled):
            tiny.erase(image, mask, on_step=on_step)
        assert calls == [0, 0, 1, 2, 3][: stop + 1]


def test_pure_denoising_at_full_strength(tiny: ErasePipeline) -> None:
    image, mask = picture(128, 128), mask_of(128, 128, (40, 40, 80, 80))
    result = tiny.erase(image, mask, strength=1.0, steps=2, guidance=1.0)
    assert not np.array_equal(result, image)


def test_boolean_masks(tiny: ErasePipeline) -> None:
    image, mask = picture(90, 120), mask_of(90, 120, (30, 30, 60, 60))
    assert np.array_equal(tiny.erase(image, mask > 0), tiny.erase(image, mask))


@pytest.mark.parametrize(
    ("image", "mask", "message"),
    [
        (picture(9, 9), mask_of(9, 9), "Nothing to erase"),
        (picture(9, 9), mask_of(9, 9, (0, 0, 9, 9)), "covers the whole picture"),
        (picture(1, 1), mask_of(1, 1, (0, 0, 1, 1)), "covers the whole picture"),
        (picture(9, 9), mask_of(9, 8, (0, 0, 2, 2)), "8 x 9 and the picture 9 x 9"),
        (picture(9, 9)[..., :2], mask_of(9, 9, (0, 0, 2, 2)), "must be"),
        (picture(9, 9).astype(np.float32), mask_of(9, 9, (0, 0, 2, 2)), "must be"),
        (picture(9, 9), mask_of(9, 9, (0, 0, 2, 2)).astype(np.int32), "uint8 or bool"),
    ],
)
def test_bad_input_is_named(tiny: ErasePipeline, image: np.ndarray, mask: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        tiny.erase(image, mask)


@pytest.mark.parametrize("bad", [{"steps": 0}, {"steps": 2000}, {"strength": 0}, {"strength": 1.5}, {"guidance": 0.5}])
def test_settings_out_of_range_are_named(tiny: ErasePipeline, bad: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(bad)).capitalize()):
        tiny.erase(picture(40, 40), mask_of(40, 40, (5, 5, 9, 9)), **bad)


def test_a_published_checkpoint_runs_from_noise(published_folder: Path) -> None:
    pipeline = ErasePipeline.load(published_folder, device="cpu")
    image, mask = picture(120, 180), mask_of(120, 180, (60, 40, 110, 90))
    steps: list[int] = []
    result = pipeline.erase(image, mask, steps=5, on_step=lambda step, total, preview: steps.append(step))
    assert steps == [0, 1, 2, 3, 4, 5]  # a smooth draft first
    changed = (result != image).any(2)
    assert changed.any()
    assert not (changed & ~pipeline.affected(mask)).any()
    assert np.array_equal(result, pipeline.erase(image, mask, steps=5))


def test_an_absent_device_is_named() -> None:
    with pytest.raises(InputError, match="There is no device 'abacus'"):
        ErasePipeline.load(device="abacus")


def test_one_step_with_the_released_schedule_erases(published_folder: Path) -> None:
    pipeline = ErasePipeline.load(published_folder, device="cpu")
    assert pipeline.model is not None
    settings = chosen_settings(pipeline.folder.settings, start="published")
    for steps in (1, 2, 3, 19):
        _, timesteps = schedule_of(pipeline.model, replace(settings, steps=steps))
        assert len(timesteps) == steps
        assert timesteps[0] > 400
    assert timesteps[0] == 900, "as released"


def test_the_patch_fill_needs_no_model() -> None:
    pipeline = ErasePipeline.load("patch-fill")
    image, mask = picture(100, 120), mask_of(100, 120, (40, 40, 60, 60))
    image[mask > 0] = (255, 0, 255)
    steps: list[int] = []
    result = pipeline.erase(image, mask, on_step=lambda step, total, preview: steps.append(step))
    assert steps == [0, 0]
    assert result[45:55, 45:55, 1].min() > 0
    assert not ((result != image).any(2) & ~pipeline.affected(mask)).any()


def test_a_picture_of_nine_pixels_whose_grown_hole_covers_it(tiny: ErasePipeline) -> None:
    picture = np.arange(27, dtype=np.uint8).reshape(3, 3, 3) * 9
    mask = np.zeros((3, 3), np.uint8)
    mask[1, 1] = 255
    steps: list[int] = []
    result = tiny.erase(picture, mask, on_step=lambda step, total, preview: steps.append(step))
    assert result.shape == picture.shape
    assert steps[-1] == tiny.planned(picture, mask).steps


def test_two_far_holes_in_one_box_are_both_filled_and_nothing_between(tiny: ErasePipeline) -> None:
    picture = np.full((400, 640, 3), (90, 140, 60), np.uint8)
    mask = np.zeros((400, 640), np.uint8)
    mask[40:70, 40:70] = mask[330:360, 570:600] = 255
    picture[mask > 0] = 255
    assert len(tiny.plan(mask)) == 1
    result = tiny.erase(picture, mask)
    still = ~tiny.affected(mask)
    assert still[200, 320]
    assert np.array_equal(result[still], picture[still])
    for y, x in ((55, 55), (345, 585)):
        assert np.abs(result[y, x].astype(int) - 255).max() > 40, "the white is gone from both"


def test_specks_among_many_are_filled_without_the_model() -> None:
    picture = np.random.default_rng(0).integers(60, 200, (600, 900, 3), dtype=np.uint8)
    mask = np.zeros((600, 900), np.uint8)
    for y, x in ((100, 100), (100, 300), (300, 500), (500, 800)):
        mask[y : y + 8, x : x + 8] = 255
    pipeline = ErasePipeline.load(device="cpu")
    planned = pipeline.planned(picture, mask)
    assert (len(planned.regions), planned.steps) == (4, 0), [region.side for region in planned.regions]
    result = pipeline.erase(picture, mask)
    assert (result[mask > 0] != picture[mask > 0]).any(axis=1).mean() > 0.9
    outside = ~pipeline.affected(mask)
    assert np.array_equal(result[outside], picture[outside])
