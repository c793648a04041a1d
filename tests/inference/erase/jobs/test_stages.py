"""What is seen of an erase by a model that starts from noise: a smooth draft, what it is at, every step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inference import Cancelled, ErasePipeline, Preview
from inference.fill import smooth_fill


@pytest.fixture
def pipeline(published_folder: Path) -> ErasePipeline:
    return ErasePipeline.load(published_folder, device="cpu")


@pytest.fixture
def image() -> np.ndarray:
    ramp = np.linspace(40, 200, 180)
    image = np.stack(np.broadcast_arrays(ramp[:, None], ramp[None, :], 90.0), axis=2).astype(np.uint8)
    image[70:110, 60:110] = (255, 0, 255)
    return image


@pytest.fixture
def mask() -> np.ndarray:
    mask = np.zeros((180, 180), np.uint8)
    mask[70:110, 60:110] = 255
    return mask


def test_a_smooth_draft_then_encoding_then_every_step_then_decoding(
    pipeline: ErasePipeline, image: np.ndarray, mask: np.ndarray
) -> None:
    told: list[object] = []
    drafts: list[Preview] = []

    def on_step(step: int, total: int, preview: Preview) -> None:
        told.append(step)
        if step == 0:
            drafts.append(preview)

    pipeline.erase(image, mask, steps=3, on_step=on_step, on_stage=told.append)
    assert told == [0, "encoding", "denoising", 1, 2, 3, "decoding"]
    shown = image.copy()
    x0, y0, x1, y1 = drafts[0].box
    shown[y0:y1, x0:x1] = drafts[0].rgb
    inner = np.s_[75:105, 65:105]
    assert np.abs(shown[inner].astype(int) - smooth_fill(image, mask > 0)[inner]).max() < 12
    still = ~pipeline.affected(mask)
    assert np.array_equal(shown[still], image[still])


def test_the_draft_changes_no_byte_of_the_result(
    pipeline: ErasePipeline, image: np.ndarray, mask: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_draft = pipeline.erase(image, mask, steps=2, seed=4)
    monkeypatch.setattr("inference.erase.jobs.RegionJob.sketch", lambda self, report, check: None)
    assert np.array_equal(pipeline.erase(image, mask, steps=2, seed=4), with_draft)


def test_every_hole_has_its_draft_before_the_first_is_denoised(pipeline: ErasePipeline) -> None:
    image = np.full((700, 1800, 3), 120, np.uint8)
    mask = np.zeros((700, 1800), np.uint8)
    mask[100:140, 100:140] = mask[500:560, 1600:1660] = 255
    told: list[object] = []
    pipeline.erase(image, mask, steps=2, on_step=lambda step, *_: told.append(step), on_stage=told.append)
    assert told[:4] == [0, 0, "encoding", "denoising"]
    assert told.count(0) == told.count("encoding") == told.count("decoding") == 2
    steps = [step for step in told if isinstance(step, int)]
    assert steps == [0, *range(pipeline.planned(image, mask, steps=2).steps + 1)]


def test_a_cancel_at_the_draft_ends_it(pipeline: ErasePipeline, image: np.ndarray, mask: np.ndarray) -> None:
    told: list[str] = []

    def stop(*_step: object) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        pipeline.erase(image, mask, steps=2, on_step=stop, on_stage=told.append)
    assert told == []
