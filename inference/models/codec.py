"""Codecs: pictures to latents and back, the same way for every autoencoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inference.networks import PatchAutoencoder
from inference.runtime import Check, never

if TYPE_CHECKING:
    from diffusers import AutoencoderKL


class Codec(Protocol):
    """Pictures ``(B, 3, H, W)`` in [-1, 1] to latents ``(B, C, H/f, W/f)`` as the U-Net expects them, and back."""

    factor: int

    def encode(self, pictures: Tensor, generator: torch.Generator) -> Tensor: ...

    def decode(self, latents: Tensor) -> Tensor: ...

    def preview(self, latents: Tensor, how: str) -> Tensor | None:
        """A decoding for every step, None where :class:`ColourMap` is to make it.

        ``how``: "exact", as the result is decoded; "fast", by a small decoder where there is one; "fitted", by that.
        """
        ...


class PatchCodec:
    """The bundled autoencoder; decoding is cheap enough to be the preview."""

    def __init__(self, autoencoder: PatchAutoencoder) -> None:
        self.autoencoder, self.factor = autoencoder, autoencoder.config.factor

    def encode(self, pictures: Tensor, generator: torch.Generator) -> Tensor:
        return self.autoencoder.encode(pictures)

    def decode(self, latents: Tensor) -> Tensor:
        return self.autoencoder.decode(latents)

    def preview(self, latents: Tensor, how: str) -> Tensor | None:
        return self.decode(latents)


class AttentionInRows:
    """A processor of the autoencoder's one-headed attention that looks up between groups of queries.

    The same result as diffusers' own; 4096 positions (512 px) in one go take half a second on two slow cores.
    """

    ROWS = 1024  # queries at once

    def __init__(self) -> None:
        self.between: Check = never

    def __call__(
        self,
        attention: Any,
        hidden_states: Tensor,
        encoder_hidden_states: None = None,
        attention_mask: None = None,
        temb: None = None,
    ) -> Tensor:
        """``hidden_states (B, C, H, W)`` -> the same, plus the layer of it. The rest is None in an autoencoder."""
        tokens = attention.group_norm(hidden_states.flatten(2)).transpose(1, 2)  # (B, N, C)
        query, key, value = (layer(tokens)[:, None] for layer in (attention.to_q, attention.to_k, attention.to_v))
        parts = []
        for part in query.split(self.ROWS, dim=2):
            self.between()
            parts.append(F.scaled_dot_product_attention(part, key, value))
        y = attention.to_out[0](torch.cat(parts, dim=2)[:, 0])
        return y.transpose(1, 2).reshape(hidden_states.shape) + hidden_states  # type: ignore[no-any-return]


class KLCodec:
    """SDXL's variational autoencoder; latents are drawn from its posterior and scaled, as released.

    ``tiny``: what draws previews, where it is installed.
    """

    def __init__(self, autoencoder: AutoencoderKL, tiny: nn.Module | None = None) -> None:
        self.tiny = tiny
        self.autoencoder, self.factor = autoencoder, 2 ** (len(autoencoder.config.block_out_channels) - 1)
        self.scale = float(autoencoder.config.scaling_factor)
        for part in (autoencoder.encoder, autoencoder.decoder):
            for attention in filter(None, part.mid_block.attentions):
                attention.processor = AttentionInRows()

    def encode(self, pictures: Tensor, generator: torch.Generator) -> Tensor:
        posterior = self.autoencoder.encode(pictures.to(self.autoencoder.dtype)).latent_dist
        mean, deviation = posterior.mean.float(), posterior.std.float()
        latents: Tensor = (mean + deviation * torch.randn(mean.shape, generator=generator).to(mean)) * self.scale
        return latents

    def decode(self, latents: Tensor) -> Tensor:
        scaled = (latents / self.scale).to(self.autoencoder.dtype)
        pictures: Tensor = self.autoencoder.decode(scaled).sample
        return pictures.float()

    def preview(self, latents: Tensor, how: str) -> Tensor | None:
        if how == "exact":
            return self.decode(latents)
        return self.tiny(latents) if how == "fast" and self.tiny is not None else None


class ColourMap:
    """A linear map from latents to colours, fitted to one picture: the preview where decoding is slow.

    One colour per latent cell, least squares over the cells that are known; at 512 px that is 4096 equations
    for 15 numbers, solved in a millisecond, and right for any autoencoder.
    """

    def __init__(self, latents: Tensor, pictures: Tensor, hole: Tensor) -> None:
        """``latents (1, C, h, w)`` of ``pictures (1, 3, H, W)``; ``hole (1, 1, h, w)`` 1 where unknown."""
        colours = F.adaptive_avg_pool2d(pictures.float(), (latents.shape[2], latents.shape[3]))
        weight = (1 - hole.float().flatten()).clamp_min(1e-3)[:, None].sqrt()
        cells = self._with_one(latents) * weight
        # Some graphics cards can't solve equations; so few of them are the processor's at once.
        products = (cells.T @ cells).cpu(), (cells.T @ (colours.flatten(2).squeeze(0).T * weight)).cpu()
        ridge = 1e-3 * torch.eye(cells.shape[1])
        self.map = torch.linalg.solve(products[0] + ridge, products[1]).to(cells.device)  # (C + 1, 3)

    @staticmethod
    def _with_one(latents: Tensor) -> Tensor:
        cells = latents.float().flatten(2).squeeze(0).T  # (N, C)
        return F.pad(cells, (0, 1), value=1.0)

    def __call__(self, latents: Tensor) -> Tensor:
        """``latents (1, C, h, w)`` -> ``(1, 3, h, w)`` in about [-1, 1]."""
        height, width = latents.shape[-2:]
        colours: Tensor = self._with_one(latents) @ self.map  # (N, 3)
        return colours.T.reshape(1, 3, height, width)
