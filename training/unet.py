"""Train a small U-Net on prepared samples: v-prediction in whitened latents, weighted to the hole."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor

from inference.autoencoder import PatchAutoencoder
from inference.config import COSINE_SCHEDULE
from inference.schedules import ddim
from inference.unet import build_unet
from inference.whitening import Whitening
from training.samples import Pool
from training.state import Average, load_state, save_state

OUTSIDE_WEIGHT = 0.05


def to_pictures(rgb: np.ndarray) -> Tensor:
    """``(B, H, W, 3)`` uint8 -> ``(B, 3, H, W)`` in [-1, 1]."""
    return torch.from_numpy(rgb).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def hole_loss(prediction: Tensor, target: Tensor, hole: Tensor) -> Tensor:
    """Mean squared error, weight 1 in the hole and 0.05 outside, averaged over the samples.

    Whitening makes an object on a plain background huge: where the target's power is above 1 the sample
    counts by its inverse, so that a few such samples do not drown the others.
    """
    weight = OUTSIDE_WEIGHT + (1 - OUTSIDE_WEIGHT) * hole  # (B, 1, h, w)
    weight = weight / weight.sum((1, 2, 3), keepdim=True)
    error = ((prediction - target).square().mean(1, keepdim=True) * weight).sum((1, 2, 3))
    power = (target.square().mean(1, keepdim=True) * weight).sum((1, 2, 3))
    return (error / power.clamp_min(1)).mean()


def draw_size(step: int, largest: int) -> int:
    """The side of step's squares: the largest one time in three, else 3/4 or 1/2 of it; the same in all processes."""
    share = np.random.default_rng(step).choice([1, 0.75, 0.5], p=[0.34, 0.33, 0.33])
    return int(largest * share)


def draw_timesteps(count: int, generator: torch.Generator) -> Tensor:
    """Mostly uniform; one in ten at the very end, where a sample from pure noise starts."""
    timesteps = torch.randint(0, 1000, (count,), generator=generator)
    last = torch.rand(count, generator=generator) < 0.1
    return torch.where(last, 999, timesteps)


class _Gradients:
    """Averages gradients over processes started by ``torchrun``; does nothing alone."""

    def __init__(self) -> None:
        self.world = int(os.environ.get("WORLD_SIZE", "1"))
        self.rank = int(os.environ.get("RANK", "0"))
        if self.world > 1:
            dist.init_process_group("gloo")

    def average(self, parameters: list[torch.nn.Parameter]) -> None:
        if self.world > 1:
            flat = torch.cat([p.grad.flatten() for p in parameters if p.grad is not None])
            dist.all_reduce(flat)
            flat /= self.world
            offset = 0
            for p in parameters:
                if p.grad is not None:
                    p.grad.copy_(flat[offset : offset + p.numel()].view_as(p))
                    offset += p.numel()


def train_unet(
    samples: Path,
    autoencoder: PatchAutoencoder,
    out: Path,
    *,
    minutes: float,
    batch: int = 16,
    size: int = 256,
    rate: float = 8e-4,
    bf16: bool = False,
    seed: int = 0,
) -> None:
    """Train ``moebius-nano`` for ``minutes`` of wall time in all; resumes from ``out``.

    ``batch`` is for all processes together. The learning rate falls to 2% over the time.
    """
    gradients = _Gradients()
    rng = np.random.default_rng([seed, gradients.rank, int(time.time())])
    generator = torch.Generator().manual_seed(int(rng.integers(1 << 31)))
    torch.manual_seed(seed)
    batch //= gradients.world
    pool = Pool(samples, rng)
    if not pool.refresh():
        raise ValueError(f"no samples in {samples}; make some with: python -m training prepare")
    autoencoder = autoencoder.eval().requires_grad_(False)
    model = build_unet("moebius-nano").train()
    parameters = list(model.parameters())
    average = Average(model, 0.995)
    matrices = [p for p in parameters if p.dim() > 1]
    others = [p for p in parameters if p.dim() <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}],
        lr=rate,
        betas=(0.9, 0.98),
    )
    alphas = ddim(COSINE_SCHEDULE).alphas_cumprod
    checkpoint = out / "unet.pt"
    step, spent = load_state(checkpoint, model=model, average=average, optimizer=optimizer)
    start, saved, shown, total = time.monotonic() - spent, time.monotonic(), step, 0.0
    while (done := (time.monotonic() - start) / (60 * minutes)) < 1 or gradients.world > 1:
        if gradients.world > 1:  # all processes stop at the same step
            flag = torch.tensor([done])
            dist.broadcast(flag, 0)
            done = flag.item()
            if done >= 1:
                break
        falling = 0.02 + 0.98 * (0.5 + 0.5 * math.cos(math.pi * min(1, done)))
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1, (step + 1) / 200) * falling
        picture, fill, mask, label = pool.draw(batch, draw_size(step, size))
        with torch.no_grad():
            hole = F.max_pool2d(torch.from_numpy(mask)[:, None].float().div_(255), autoencoder.config.factor)
            known = autoencoder.encode(to_pictures(fill))
            whitening = Whitening.measure(known, hole)
            known = whitening.apply(known)
            clean = whitening.apply(autoencoder.encode(to_pictures(picture)))
            noise = torch.randn(clean.shape, generator=generator)
            timesteps = draw_timesteps(batch, generator)
            signal = alphas[timesteps].sqrt()[:, None, None, None]
            spread = (1 - alphas[timesteps]).sqrt()[:, None, None, None]
            noisy = signal * clean + spread * noise
            velocity = signal * noise - spread * clean
            ids = torch.arange(10)[None] + 10 * torch.from_numpy(label.astype(np.int64))[:, None]
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            prediction = model(torch.cat([noisy, hole, known], 1), timesteps, ids).sample
        loss = hole_loss(prediction.float(), velocity, hole)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        gradients.average(parameters)
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        average.update(model)
        step, total = step + 1, total + loss.item()
        if step % 50 == 0:
            held = pool.refresh()
            if gradients.rank == 0:
                speed = (step - shown) * batch * gradients.world / (time.monotonic() - start - spent)
                left = (1 - done) * minutes
                print(
                    f"step {step} {done:5.1%} loss {total / 50:.4f} {speed:.1f} samples/s, "
                    f"{held} held, {left:.0f} min left",
                    flush=True,
                )
            total = 0.0
        if gradients.rank == 0 and time.monotonic() - saved > 180:
            seconds = time.monotonic() - start
            save_state(checkpoint, step, seconds, model=model, average=average, optimizer=optimizer)
            saved = time.monotonic()
    if gradients.rank == 0:
        save_state(checkpoint, step, 60 * minutes, model=model, average=average, optimizer=optimizer)
    if gradients.world > 1:
        dist.destroy_process_group()
