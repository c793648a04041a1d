"""Whole erases on a device: a published model's with stand-in weights, timed part by part, and samples to look at."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import nn

from inference import ErasePipeline
from inference.erase import ModelRunner
from inference.models import PUBLISHED, KLCodec, Model, ModelFolder, place
from inference.networks import RELEASED_SCHEDULE, UNetConfig, build_unet
from inference.sampling import Previews
from tests.oracles.stand_in import fill

SAMPLES = Path(__file__).resolve().parents[2] / "resources" / "samples"
Figure = tuple[str, float | None, str, str]


def stand_in(
    device: torch.device, config: UNetConfig, *, miniature: bool, precision: str | None = None
) -> ErasePipeline:
    """A pipeline as of a published model, with random weights; its autoencoder is SDXL's, or a small one.

    ``precision``: None is fp32 on a processor, fp16 on a card.
    """
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

    widths = (8, 8, 8, 8) if miniature else (128, 256, 512, 512)
    vae = AutoencoderKL(
        block_out_channels=widths,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1 if miniature else 2,
        norm_num_groups=4 if miniature else 32,
        latent_channels=4,
        scaling_factor=0.13025,
    )
    vae = vae.requires_grad_(False).eval().to(device)
    precision = precision or ("fp32" if device.type == "cpu" else "fp16")
    if precision == "bf16":  # as the program does
        nn.Module.to(vae, torch.bfloat16)
    if device.type != "cpu" or precision == "bf16":
        vae.to(memory_format=torch.channels_last)
    with torch.device("meta"):
        unet = build_unet(config)
    folder = ModelFolder("stand-in", Path("stand-in"), "Stand-in", "", config, RELEASED_SCHEDULE, PUBLISHED, None, {})
    placed = place(fill(unet).eval().requires_grad_(False), device, precision)
    return ErasePipeline(ModelRunner(folder, Model(folder, placed, KLCodec(vae)), device, precision))


def measure(device: torch.device, config: UNetConfig, *, miniature: bool, repeats: int) -> Iterator[Figure]:
    """What, how much, in which unit, and what to know of it."""
    pipeline = stand_in(device, config, miniature=miniature)
    assert pipeline.model is not None and pipeline.model.codec is not None
    codec, side, cuda = pipeline.model.codec, config.grid, device.type == "cuda"
    if cuda:
        torch.cuda.reset_peak_memory_stats()

    def median(work: Callable[[], Any], count: int = repeats) -> float:
        times = []
        for number in range(count + 1):
            start = time.perf_counter()
            work()
            if cuda:
                torch.cuda.synchronize()
            if number:
                times.append(time.perf_counter() - start)
        return statistics.median(times)

    generator = torch.Generator().manual_seed(0)
    picture = torch.rand(1, 3, 8 * side, 8 * side, generator=generator).to(device)
    latents = torch.randn(1, 4, side, side, generator=generator).to(device)
    with torch.inference_mode():
        yield "encoding, fp32", 1000 * median(lambda: codec.encode(picture, generator)), "ms", ""
        yield "decoding, fp32", 1000 * median(lambda: codec.decode(latents)), "ms", ""
    size = 8 * side
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (9, 9, 3), dtype=np.uint8)
    image = np.asarray(cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    mask = np.zeros((size, size), np.uint8)
    cv2.circle(mask, (size // 2, size // 2), size // 6, 255, -1)
    seen: list[Any] = []
    steps = 2 if miniature else 20

    def erase(**options: Any) -> None:
        seen.clear()

        def on_step(step: int, _total: int, shown: Any) -> None:
            if step:  # before the first lies the draft
                seen.append(shown)

        pipeline.erase_parts(image, mask, steps=steps, on_step=on_step, **options)

    whole = median(erase, min(repeats, 5))
    drawn = len({id(shown) for shown in seen})
    yield f"erase of {steps} steps at {size} px", whole, "s", f"{drawn} previews drawn in it"
    with first_preview_only():
        bare = median(erase, min(repeats, 5))
    yield "the same with one preview", bare, "s", f"previews take {100 * (whole / bare - 1):.1f}% of it"
    if cuda:
        yield "most memory held", torch.cuda.max_memory_allocated() / 1e6, "MB", "U-Net fp16, autoencoder fp32"


@contextmanager
def first_preview_only() -> Iterator[None]:
    """Within this context no previews are drawn but the first of an erase."""
    due = Previews.due
    setattr(Previews, "due", lambda previews: not previews._drawn)  # noqa: B010
    try:
        yield
    finally:
        setattr(Previews, "due", due)  # noqa: B010


def samples(device: torch.device, out: Path, count: int) -> int:
    """Erase from the program's sample photographs with the bundled model; returns how many pictures were written."""
    pipeline = ErasePipeline.load(device=device.type)
    made = 0
    for path in sorted(SAMPLES.glob("*-mask.png"))[:count]:
        source = path.with_name(path.name.replace("-mask.png", ".jpg"))
        picture, mask = cv2.imread(str(source)), cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        assert picture is not None and mask is not None
        picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        result = pipeline.erase(np.ascontiguousarray(picture), mask)
        cv2.imwrite(str(out / f"{source.stem}.jpg"), cv2.cvtColor(result, cv2.COLOR_RGB2BGR))
        made += 1
    return made
