"""Erasing by a layout: a tiny network, and what may never happen."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import save_file

from inference import Cancelled, ErasePipeline, Preview
from inference.erase import ModelRunner
from inference.networks.build import build_unet
from inference.networks.config import COSINE_SCHEDULE
from tests.oracles.stand_in import fill
from tests.oracles.tiny_published import TINY

STEPS = 3
SHAPE = replace(TINY, latent_channels=16, extra_fills=1, hole_channels=36, layers_per_block=1)


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> ErasePipeline:
    folder = tmp_path_factory.mktemp("layout")
    save_file(dict(fill(build_unet(SHAPE)).state_dict()), folder / "unet.safetensors")
    erase = {"steps": STEPS, "strength": 1.0, "guidance": 1.0}
    values = {"name": "tiny", "layout": True, "unet": SHAPE.to_dict(), "erase": erase}
    values["schedule"] = {**COSINE_SCHEDULE, "prediction_type": "sample"}
    (folder / "config.json").write_text(json.dumps(values))
    return ErasePipeline.load(Path(folder), device="cpu")


def _picture(height: int = 150, width: int = 170) -> np.ndarray:
    rng = np.random.default_rng(3)
    rows, columns = np.mgrid[:height, :width]
    shade = 60 + 80 * (columns > width // 2) + 20 * np.sin(rows / 3)
    return np.clip(shade[..., None] + rng.normal(0, 6, (height, width, 3)), 0, 255).astype(np.uint8)


def _mask(height: int = 150, width: int = 170) -> np.ndarray:
    mask = np.zeros((height, width), np.uint8)
    mask[height // 3 : height // 2, width // 4 : -width // 4] = 255
    return mask


def test_every_step_is_shown_and_then_the_texture(pipeline: ErasePipeline) -> None:
    image, mask, seen = _picture(), _mask(), list[tuple[int, int, np.ndarray]]()

    def on_step(step: int, total: int, preview: Preview) -> None:
        seen.append((step, total, np.asarray(preview)))

    result = pipeline.erase(image, mask, seed=4, on_step=on_step)
    numbers = [step for step, _, _ in seen]
    total = pipeline.planned(image, mask).steps
    assert numbers == sorted(numbers) and numbers[:2] == [0, 1] and numbers[-1] == total
    assert set(range(STEPS + 1)) == set(numbers) and {t for _, t, _ in seen} == {total}
    assert any((a != b).any() for (_, _, a), (_, _, b) in pairwise(seen[1:4]))
    assert numbers[-2:] == [total, total], "the last step is seen before its texture is"
    x0, y0, x1, y1 = pipeline.plan(mask)[0].touched((150, 170))
    assert np.array_equal(seen[-1][2], result[y0:y1, x0:x1])


def test_pixels_elsewhere_stay_and_the_same_seed_gives_the_same_bytes(pipeline: ErasePipeline) -> None:
    image, mask = _picture(), _mask()
    first, second = (pipeline.erase(image, mask, seed=5) for _ in range(2))
    assert np.array_equal(first, second) and (first != image).any()
    may_change = pipeline.affected(mask)
    assert np.array_equal(first[~may_change], image[~may_change])


def test_nothing_of_the_object_reaches_the_result(pipeline: ErasePipeline) -> None:
    image, mask = _picture(), _mask()
    reds, blues = image.copy(), image.copy()
    reds[mask > 0], blues[mask > 0] = (255, 0, 0), (0, 0, 255)
    first, second = (pipeline.erase(p, mask, seed=6, exact_mask=True) for p in (reds, blues))
    assert np.array_equal(first, second)


def test_only_the_sample_area_is_copied(pipeline: ErasePipeline) -> None:
    image, mask = _picture(), _mask()
    image[:, :60] = (0, 250, 0)  # a green that is nowhere else
    source = np.zeros(mask.shape, bool)
    source[:, 100:] = True
    result = pipeline.erase(image, mask, seed=7, exact_mask=True, source=source)
    inside = result[mask > 0].astype(int)
    assert not ((inside[:, 1] > 200) & (inside[:, 0] < 60)).any()


def test_a_sample_area_outside_the_regions_view_is_copied_too(pipeline: ErasePipeline) -> None:
    image = np.full((200, 900, 3), (30, 60, 200), np.uint8)
    image[:, 700:] = np.random.default_rng(0).integers(0, 2, (200, 200, 1), np.uint8) * (250, 10, 10)
    mask = np.zeros((200, 900), np.uint8)
    mask[90:110, 90:110] = 255
    source = np.zeros(mask.shape, bool)
    source[:, 720:] = True
    assert pipeline.plan(mask)[0].inside(mask.shape)[2] < 700
    result = pipeline.erase(image, mask, seed=7, exact_mask=True, source=source)
    assert np.array_equal(result[mask == 0], image[mask == 0])
    filled = result[mask > 0].astype(int)
    assert np.ptp(filled[:, 0]) > 200  # the texture from there, its contrast kept


@pytest.mark.parametrize("size", [(40, 30), (9, 200), (3, 3)])
def test_small_and_narrow_pictures(pipeline: ErasePipeline, size: tuple[int, int]) -> None:
    image, mask = _picture(*size), np.zeros(size, np.uint8)
    mask[size[0] // 2, size[1] // 2] = 255
    result = pipeline.erase(image, mask, seed=1, exact_mask=True)
    assert result.shape == image.shape and np.array_equal(result[mask == 0], image[mask == 0])


def test_nearly_all_of_the_picture_is_hole(pipeline: ErasePipeline) -> None:
    image, mask = _picture(), np.full((150, 170), 255, np.uint8)
    mask[:2, :2] = 0
    result = pipeline.erase(image, mask, seed=1, exact_mask=True)
    assert np.array_equal(result[:2, :2], image[:2, :2])


@pytest.mark.parametrize("at", [0, 2, STEPS])
def test_it_can_be_given_up_at_every_stage(pipeline: ErasePipeline, at: int) -> None:
    def on_step(step: int, total: int, preview: Preview) -> None:
        if step >= at:
            raise Cancelled

    with pytest.raises(Cancelled):
        pipeline.erase(_picture(), _mask(), on_step=on_step)


def test_sixteen_bits_are_made_of_what_is_shown(pipeline: ErasePipeline) -> None:
    part = pipeline.erase_parts(_picture(), _mask(), seed=2, sixteen_bit=True)[0]
    assert part.sixteen_bit is not None and part.sixteen_bit.colours.dtype == np.uint16


def _with_rim(pipeline: ErasePipeline) -> ErasePipeline:
    folder = replace(pipeline.folder, settings=replace(pipeline.folder.settings, rim=2.0))
    return ErasePipeline(ModelRunner(folder, pipeline.model, pipeline.device))


def test_a_rim_is_a_fill_that_gives_way_to_what_it_touches(pipeline: ErasePipeline) -> None:
    image, mask = _picture(160, 160), np.zeros((160, 160), np.uint8)
    mask[50:90, 50:100] = 255
    image[:, :, 0] = np.where(np.arange(160) < 50, 0, 255)[None]  # nothing to copy continues this edge of the hole
    plain, soft = (p.erase(image, mask, exact_mask=True).astype(int) for p in (pipeline, _with_rim(pipeline)))
    assert np.array_equal(soft[mask == 0], image[mask == 0])
    assert np.array_equal(soft[56:84, 56:94], plain[56:84, 56:94])  # further in nothing changes
    known = image[49:90, 49:50].astype(int).mean()
    at_the_edge = (slice(55, 85), slice(50, 51))
    assert abs(soft[at_the_edge].mean() - known) < abs(plain[at_the_edge].mean() - known)
