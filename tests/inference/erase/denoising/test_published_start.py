"""The published models start from noise: what is to be erased can't reach the result. As published, it can."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from inference import ErasePipeline, InputError
from inference.erase.denoising.schedule import schedule_of
from inference.erase.settings import chosen_settings
from inference.models.catalogue import PUBLISHED, EraseSettings
from inference.networks.config import UNetConfig
from inference.networks.unet import UNetOutput
from tests.inference.erase.test_pipeline import mask_of, picture
from tests.oracles.tiny_published import TINY

MASK = mask_of(160, 160, (50, 50, 100, 100))


class Echo:
    """A network that says of everything: it is what I was given."""

    config: UNetConfig = replace(TINY, latent_channels=4)

    def __call__(self, sample: Tensor, timesteps: Tensor, input_ids: Tensor) -> UNetOutput:
        return UNetOutput(sample[:, :4].expand(len(input_ids), -1, -1, -1), ())


@pytest.fixture
def echoing(published_folder: Path) -> ErasePipeline:
    pipeline = ErasePipeline.load(published_folder, device="cpu")
    assert pipeline.model is not None
    pipeline.runner.model = replace(pipeline.model, unet=Echo())
    return pipeline


def of_colour(colour: tuple[int, int, int]) -> np.ndarray:
    image = picture(160, 160)
    image[MASK > 0] = colour
    return image


def made(pipeline: ErasePipeline, colour: tuple[int, int, int], **options: Any) -> np.ndarray:
    return pipeline.erase(of_colour(colour), MASK, **options)


def test_the_objects_colours_cannot_reach_the_result(echoing: ErasePipeline) -> None:
    red = made(echoing, (255, 0, 0))
    assert np.array_equal(red, made(echoing, (0, 0, 255)))
    assert np.array_equal(red, made(echoing, (255, 0, 0), start="noise"))


def test_nor_can_they_reach_the_previews(echoing: ErasePipeline) -> None:
    seen: dict[tuple[int, int, int], list[np.ndarray]] = {(255, 0, 0): [], (0, 0, 255): []}
    for colour, previews in seen.items():
        made(echoing, colour, on_step=lambda _s, _t, preview, kept=previews: kept.append(preview.rgb), steps=4)
    assert len(seen[255, 0, 0]) == 5, "a draft and four steps"
    for red, blue in zip(*seen.values(), strict=True):
        assert np.array_equal(red, blue)


def test_as_published_they_do(echoing: ErasePipeline) -> None:
    red, blue = (made(echoing, colour, start="published") for colour in ((255, 0, 0), (0, 0, 255)))
    assert (red != blue).any()


def test_below_full_strength_a_fill_is_kept_and_not_the_object(echoing: ErasePipeline) -> None:
    red, blue = (made(echoing, colour, strength=0.6) for colour in ((255, 0, 0), (0, 0, 255)))
    assert np.array_equal(red, blue)
    assert (red != made(echoing, (255, 0, 0))).any()


def test_what_as_published_means() -> None:
    settings = chosen_settings(PUBLISHED, start="published")
    assert (settings.start, settings.steps, settings.strength) == ("picture", 19, 0.99)
    assert chosen_settings(PUBLISHED, start="published", steps=9, strength=0.8).steps == 9
    settings = chosen_settings(PUBLISHED)
    assert (settings.start, settings.steps, settings.strength) == ("noise", 20, 1.0)
    assert chosen_settings(PUBLISHED, strength=0.5).start == "fill"


@pytest.mark.parametrize(
    ("settings", "start", "words"),
    [
        (PUBLISHED, "picture", "noise, published"),
        (EraseSettings(start="fill", condition="fill"), "noise", "Only the published models"),
    ],
)
def test_starts_that_there_are_not(settings: EraseSettings, start: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        chosen_settings(settings, start=start)


def test_previews_that_there_are_not() -> None:
    with pytest.raises(InputError, match="exact, fast, fitted"):
        chosen_settings(PUBLISHED, previews="best")


@pytest.mark.parametrize(("steps", "first"), [(20, 950), (10, 900), (8, 999), (1, 999)])
def test_pure_noise_is_taken_where_noise_is_expected(echoing: ErasePipeline, steps: int, first: int) -> None:
    assert echoing.model is not None
    _, timesteps = schedule_of(echoing.model, chosen_settings(PUBLISHED, steps=steps))
    assert (len(timesteps), int(timesteps[0])) == (steps, first)


def test_only_what_is_known_is_encoded(echoing: ErasePipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """The large autoencoder is half of an erase's beginning on a processor."""
    assert echoing.model is not None
    codec = echoing.model.codec
    assert codec is not None
    seen: list[int] = []
    encode = codec.encode

    def counted(x: Tensor, generator: torch.Generator) -> Tensor:
        seen.append(len(x))
        return encode(x, generator)

    monkeypatch.setattr(codec, "encode", counted)
    made(echoing, (255, 0, 0), steps=2)
    made(echoing, (255, 0, 0), steps=2, start="published")
    assert seen == [1, 2]


def test_exact_previews_are_decoded_as_the_result(echoing: ErasePipeline) -> None:
    previews: list[np.ndarray] = []
    options: dict[str, Any] = {"steps": 3, "on_step": lambda _s, _t, preview: previews.append(preview.rgb)}
    result = echoing.erase_parts(of_colour((255, 0, 0)), MASK, previews="exact", **options)
    assert np.array_equal(previews[-1], result[0].rgb)
    previews.clear()
    echoing.erase_parts(of_colour((255, 0, 0)), MASK, previews="fitted", **options)
    assert (previews[-1] != result[0].rgb).any()
    assert torch.is_inference_mode_enabled() is False
