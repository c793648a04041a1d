"""Memory that runs out, values that are not finite, and stopping in the middle of a layer."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn

from inference import Cancelled, ErasePipeline, ModelError
from inference.erase.denoising.split_branches import SplitBranches
from inference.erase.memory_fallback import MemoryFallback, next_fallbacks
from inference.fill import cancellable as draft_module
from inference.fill.cancellable import cancellable_patch_fill
from inference.models.codec import KLCodec
from inference.networks.unet import UNetOutput
from inference.runtime.interrupt import interruptible
from tests.inference.erase.test_pipeline import mask_of, picture

IMAGE, MASK = picture(128, 128), mask_of(128, 128, (50, 50, 80, 80))


class Greedy:
    """A U-Net that lacks memory for its first calls."""

    def __init__(self, unet: Any, failures: int) -> None:
        self.unet, self.config, self.left, self.rows = unet, unet.config, failures, list[int]()

    def __call__(self, sample: Tensor, timesteps: Tensor, ids: Tensor) -> UNetOutput:
        self.rows.append(len(ids))
        if self.left:
            self.left -= 1
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        output: UNetOutput = self.unet(sample, timesteps, ids)
        return output


def greedy(folder: Path, failures: int) -> tuple[ErasePipeline, Greedy]:
    pipeline = ErasePipeline.load(folder, device="cpu")
    assert pipeline.model is not None
    unet = Greedy(pipeline.model.unet, failures)
    object.__setattr__(pipeline.model, "unet", unet)
    return pipeline, unet


def test_the_ladder_goes_down_to_the_processor_and_each_rung_keeps_the_ones_before() -> None:
    steps = list(next_fallbacks(MemoryFallback(), guided=True, context=512, device="cuda"))
    assert [fallback for fallback, _ in steps] == [
        MemoryFallback(),
        MemoryFallback(split=True),
        MemoryFallback(split=True, tiled=True, context=384),
        MemoryFallback(split=True, tiled=True, context=384, half=True),
        MemoryFallback(split=True, tiled=True, context=384, device="cpu"),
    ]
    assert len({sentence for _, sentence in steps}) == 5
    assert len(list(next_fallbacks(MemoryFallback(), guided=False, context=256, device="cpu"))) == 2


@pytest.mark.parametrize("failures", [1, 2, 3])
def test_each_rung_is_told_and_the_erase_succeeds(tiny_folder: Path, failures: int) -> None:
    pipeline, unet = greedy(tiny_folder, failures)
    notes: list[str] = []
    before = IMAGE.copy()
    steps: list[int] = []
    result = pipeline.erase(IMAGE, MASK, on_note=notes.append, on_step=lambda step, total, preview: steps.append(step))
    assert len(notes) == failures
    assert all("emory ran out" in note for note in notes)
    assert np.array_equal(IMAGE, before)
    assert (result != IMAGE).any()
    assert steps[-4:] == [1, 2, 3, 4]
    assert (unet.rows[-1] == 1) == (failures > 1), "one branch at a time from the second rung on"
    assert pipeline.runner.fallback.tiled == (failures > 2)
    unet.rows.clear()
    notes.clear()
    pipeline.erase(IMAGE, MASK, on_note=notes.append)
    assert notes == [], "the next erase begins where this one ended"


def test_the_end_of_the_ladder_is_the_failure_itself(tiny_folder: Path) -> None:
    pipeline, unet = greedy(tiny_folder, 99)
    with pytest.raises(torch.OutOfMemoryError):
        pipeline.erase(IMAGE, MASK)
    unet.left = 0
    assert (pipeline.erase(IMAGE, MASK) != IMAGE).any()


def test_moving_to_the_processor_reads_the_model_again(tiny_folder: Path) -> None:
    pipeline, _ = greedy(tiny_folder, 3)
    pipeline.runner.device = torch.device("meta")  # stands for a graphics card
    pipeline.runner.fall_back(MemoryFallback(device="cpu"), lambda: None)
    assert pipeline.device.type == "cpu"
    assert (pipeline.erase(IMAGE, MASK) != IMAGE).any()


def test_other_failures_are_not_tried_again(tiny_folder: Path) -> None:
    pipeline, unet = greedy(tiny_folder, 0)

    def broken(*_arguments: object) -> UNetOutput:
        raise ZeroDivisionError

    unet.unet = broken
    with pytest.raises(ZeroDivisionError):
        pipeline.erase(IMAGE, MASK)
    assert len(unet.rows) == 1


def test_values_that_are_not_finite_end_the_erase_with_a_sentence(tiny_folder: Path) -> None:
    pipeline, unet = greedy(tiny_folder, 0)
    real = unet.unet

    def broken(sample: Tensor, timesteps: Tensor, ids: Tensor) -> UNetOutput:
        output = real(sample, timesteps, ids)
        return UNetOutput(output.sample * float("nan"), output.block_outputs)

    unet.unet = broken
    with pytest.raises(ModelError, match="not finite"):
        pipeline.erase(IMAGE, MASK)


def test_split_branches_agree_with_both_at_once(tiny: ErasePipeline) -> None:
    assert tiny.model is not None
    unet = tiny.model.unet
    sample = torch.randn(2, unet.config.in_channels, 16, 16, generator=torch.Generator().manual_seed(1))
    ids = torch.stack([torch.arange(10) + 10, torch.arange(10)])
    with torch.inference_mode():
        both = unet(sample, torch.tensor([500]), ids)
        split = SplitBranches(unet)(sample, torch.tensor([500]), ids)
    assert torch.allclose(both.sample, split.sample, atol=1e-4)


class _Stopping:
    """A check that stops at its n-th call."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Cancelled


def test_convolutions_in_bands_agree_and_the_network_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.runtime.interrupt.BAND", 1e5)
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        block_out_channels=(8, 8),
        norm_num_groups=4,
    ).eval()
    latents = torch.randn(1, 4, 12, 20, generator=torch.Generator().manual_seed(0))
    calls: list[int] = []
    with torch.inference_mode():
        plain = vae.decode(latents).sample
        with interruptible(lambda: calls.append(1), vae):
            banded = vae.decode(latents).sample
        assert torch.allclose(plain, banded, atol=1e-5)
        picture = torch.randn(1, 3, 23, 38, generator=torch.Generator().manual_seed(0))  # encoders take steps of two
        with interruptible(lambda: None, vae):
            encoded = vae.encode(picture).latent_dist.mode()
        assert torch.allclose(encoded, vae.encode(picture).latent_dist.mode(), atol=1e-5)
        seen = len(calls)
        assert seen > 60
        for at in (1, seen // 2, seen):
            with pytest.raises(Cancelled), interruptible(_Stopping(at), vae):
                vae.decode(latents)
        assert torch.equal(vae.decode(latents).sample, plain)
    assert len(calls) == seen, "no hook is left"
    assert all("forward" not in vars(module) for module in vae.modules())


def test_attention_in_rows_agrees_with_diffusers_own_and_looks_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.models.codec.AttentionInRows.ROWS", 7)
    vae = AutoencoderKL(block_out_channels=(16,), norm_num_groups=4).eval()
    picture = torch.randn(2, 3, 8, 12, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        plain = vae.encode(picture).latent_dist.mode()
        codec = KLCodec(vae)
        assert torch.allclose(vae.encode(picture).latent_dist.mode(), plain, atol=1e-5)
        calls: list[int] = []
        attention = vae.encoder.mid_block.attentions[0]
        with interruptible(lambda: calls.append(1), codec):
            before = len(calls)
            attention.processor(attention, torch.randn(1, 16, 8, 12))
        assert len(calls) - before >= -(-8 * 12 // 7)
        before = len(calls)
        codec.encode(picture, torch.Generator())
        assert len(calls) == before, "nobody is asked afterwards"


def test_a_network_that_looks_up_by_itself_is_asked_to() -> None:
    class Own(nn.Module):
        between = staticmethod(lambda: None)

    own, before = Own(), Own.between
    check = _Stopping(1)
    with interruptible(check, own):
        assert own.between is check
    assert own.between is before


@pytest.mark.parametrize("at", [1, 3, 6, 12, 30, 60])
def test_an_erase_stops_anywhere_and_the_next_one_works(tiny: ErasePipeline, at: int) -> None:
    looks = iter(range(1, 10**6))
    with pytest.raises(Cancelled):
        tiny.erase(IMAGE, MASK, cancelled=lambda: next(looks) >= at)
    assert (tiny.erase(IMAGE, MASK) != IMAGE).any()


def test_a_fill_given_up_lets_go_at_once_and_the_next_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, finish, order = threading.Event(), threading.Event(), list[int]()

    def slow(rgb: np.ndarray, hole: np.ndarray, *, radius: int, seed: int, source: None = None) -> np.ndarray:
        begun.set()
        assert finish.wait(10)
        order.append(seed)
        return rgb

    monkeypatch.setattr(draft_module, "patch_fill", slow)

    def stop() -> None:
        if begun.is_set():
            raise Cancelled

    with pytest.raises(Cancelled):
        cancellable_patch_fill(IMAGE, MASK > 0, radius=3, seed=1, check=stop)
    assert order == [], "it goes on by itself"
    begun.clear()
    with pytest.raises(Cancelled):  # never begins
        cancellable_patch_fill(IMAGE, MASK > 0, radius=3, seed=2, check=_Stopping(3))
    finish.set()
    assert cancellable_patch_fill(IMAGE, MASK > 0, radius=3, seed=3, check=lambda: None) is IMAGE
    assert order == [1, 3]


def test_a_failing_fill_fails_where_it_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object, **_options: object) -> None:
        raise MemoryError

    monkeypatch.setattr(draft_module, "patch_fill", broken)
    with pytest.raises(MemoryError):
        cancellable_patch_fill(IMAGE, MASK > 0, radius=3, seed=1, check=lambda: None)
