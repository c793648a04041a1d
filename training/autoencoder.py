"""Train the small autoencoder: L1 and a three-level Haar loss on crops of photographs."""

from __future__ import annotations

import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from inference.autoencoder import PatchAutoencoder
from inference.config import PatchAutoencoderConfig
from training.photos import Photographs, read_folder
from training.state import Average, load_state, save_state


def haar(x: Tensor) -> tuple[Tensor, Tensor]:
    """One level of the Haar transform: the halved picture, and its three detail bands stacked."""
    a, b, c, d = x[..., ::2, ::2], x[..., ::2, 1::2], x[..., 1::2, ::2], x[..., 1::2, 1::2]
    details = torch.cat([a - b + c - d, a + b - c - d, a - b - c + d], dim=1) / 2
    return (a + b + c + d) / 4, details


def picture_loss(decoded: Tensor, target: Tensor) -> Tensor:
    loss = F.l1_loss(decoded, target)
    for _ in range(3):
        decoded, decoded_details = haar(decoded)
        target, details = haar(target)
        loss = loss + 0.5 * F.l1_loss(decoded_details, details)
    return loss


def train_autoencoder(
    photos: Path, out: Path, *, minutes: float, batch: int = 12, crop: int = 128, seed: int = 0
) -> None:
    """Train for ``minutes`` of wall time, the learning rate falling over it; resumes from ``out``."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    source = Photographs(read_folder(photos), smallest=crop)

    def sample(count: int) -> Tensor:
        crops = np.stack([source.crop(crop, rng) for _ in range(count)])
        return torch.from_numpy(crops).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)

    model = PatchAutoencoder(PatchAutoencoderConfig())
    model.start_from_components(F.pixel_unshuffle(sample(256), 8).permute(0, 2, 3, 1).flatten(0, 2))
    average = Average(model, 0.995)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-4, betas=(0.9, 0.98))
    checkpoint = out / "autoencoder.pt"
    step, spent = load_state(checkpoint, model=model, average=average, optimizer=optimizer)
    start, saved, shown = time.monotonic() - spent, time.monotonic(), step
    total = 0.0
    while (done := (time.monotonic() - start) / (60 * minutes)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1, (step + 1) / 100) * (0.02 + 0.98 * (0.5 + 0.5 * math.cos(math.pi * done)))
        target = sample(batch).contiguous(memory_format=torch.channels_last)
        latents = model.encode(target)
        decoded = model.decode(latents + 0.02 * torch.randn_like(latents))
        loss = picture_loss(decoded, target) + 1e-3 * (latents.square().mean() - 1).square()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        average.update(model)
        step, total = step + 1, total + loss.item()
        if step % 100 == 0:
            error = F.mse_loss(decoded.clamp(-1, 1), target).item()
            rate = (step - shown) * batch / (time.monotonic() - start - spent)
            print(
                f"step {step} {done:5.1%} loss {total / 100:.4f} psnr {10 * math.log10(4 / error):.2f} "
                f"latents {latents.std().item():.3f} {rate:.1f} crops/s",
                flush=True,
            )
            total = 0.0
        if time.monotonic() - saved > 120:
            save_state(checkpoint, step, time.monotonic() - start, model=model, average=average, optimizer=optimizer)
            saved = time.monotonic()
    save_state(checkpoint, step, 60 * minutes, model=model, average=average, optimizer=optimizer)
