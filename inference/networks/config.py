"""Configurations: widths, sizes and schedules of the networks; what ``config.json`` holds. No torch here."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

from inference.errors import ModelError


@dataclass(frozen=True)
class UNetConfig:
    """Everything that decides the shapes of a :class:`inference.networks.unet.MoebiusUNet`."""

    latent_channels: int = 4  # C; the input has (2 + extra_fills) C + hole_channels channels, the output C
    extra_fills: int = 0  # further fills of the hole whose latents the input ends with
    hole_channels: int = 1  # the mask's: more than one where several cells are folded into a latent one
    widths: tuple[int, ...] = (320, 640, 1280)  # one per level
    layers_per_block: int = 2  # in a down block; an up block has one more
    heads: int = 8
    groups: int = 32  # of every GroupNorm
    window: int = 15  # r of the local lambda, odd
    ffn_ratio: float = 2.5
    grid: int = 64  # native latent height and width; relative positions are learned on it
    tokens: int = 10  # category tokens per sample
    categories: int = 20  # rows of the embedding: the first half background, the second foreground
    embedding_width: int = 3072
    context_width: int = 768

    def __post_init__(self) -> None:
        skipped = ("widths", "ffn_ratio", "extra_fills")
        sizes = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in skipped}
        sizes |= {f"widths[{index}]": width for index, width in enumerate(self.widths)}
        for name, size in sizes.items():
            if not isinstance(size, int) or size < 1:
                raise ModelError(f"{name} must be a positive whole number, not {size!r}.")
        if self.extra_fills not in (0, 1, 2):
            raise ModelError(f"extra_fills must be 0, 1 or 2, not {self.extra_fills!r}.")
        if not self.widths or not isinstance(self.ffn_ratio, int | float) or not self.ffn_ratio > 0:
            raise ModelError("the U-Net needs widths and a positive ffn_ratio.")
        if any(width % self.heads or width % self.groups for width in self.widths):
            raise ModelError(
                f"widths {self.widths} must be multiples of heads ({self.heads}) and groups ({self.groups})."
            )
        if self.window % 2 == 0:
            raise ModelError(f"the local window must be odd, not {self.window}.")

    @property
    def in_channels(self) -> int:
        """Noisy latents, mask, masked-image latents, latents of further fills."""
        return (2 + self.extra_fills) * self.latent_channels + self.hole_channels

    @property
    def time_width(self) -> int:
        return 4 * self.widths[0]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> UNetConfig:
        """Raises :class:`ModelError` naming unknown or ill-typed entries."""
        values = {k: v for k, v in values.items() if k != "network"}
        known = {f.name for f in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ModelError(f"unknown U-Net settings: {', '.join(unknown)}.")
        try:
            if "widths" in values:
                values = {**values, "widths": tuple(int(w) for w in values["widths"])}
            return cls(**values)
        except (TypeError, ValueError) as error:
            raise ModelError(f"the U-Net settings are not valid: {error}.") from error


UNET_CONFIGS: dict[str, UNetConfig] = {
    "moebius": UNetConfig(),  # 226,041,531 parameters; the published model
    "moebius-nano": UNetConfig(
        latent_channels=8,
        extra_fills=1,
        widths=(32, 64, 128),
        layers_per_block=1,
        window=7,
        grid=32,
        embedding_width=256,
        context_width=128,
    ),
}


@dataclass(frozen=True)
class PixelHackerConfig:
    """Everything that decides the shapes of a :class:`inference.networks.pixelhacker.PixelHackerUNet`."""

    latent_channels: int = 4  # C; the input has (2 + extra_fills) C + 1 channels, the output C
    extra_fills: int = 0  # further fills of the hole whose latents the input ends with; 1: the smooth one
    widths: tuple[int, ...] = (320, 640, 1280, 1280)  # one per level; the deepest has no attention
    layers_per_block: int = 2  # in a down block; an up block has one more
    heads: int = 8
    groups: int = 32  # of every GroupNorm
    grid: int = 64  # native latent height and width
    tokens: int = 10  # category tokens per sample
    categories: int = 20  # rows of the embedding: the first half background, the second foreground
    embedding_width: int = 3072
    context_width: int = 768

    def __post_init__(self) -> None:
        sizes = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("widths", "extra_fills")}
        sizes |= {f"widths[{index}]": width for index, width in enumerate(self.widths)}
        for name, size in sizes.items():
            if not isinstance(size, int) or size < 1:
                raise ModelError(f"{name} must be a positive whole number, not {size!r}.")
        if self.extra_fills not in (0, 1):
            raise ModelError(f"extra_fills must be 0 or 1, not {self.extra_fills!r}.")
        if not self.widths or any(width % (2 * self.heads) or width % self.groups for width in self.widths):
            raise ModelError(
                f"widths {self.widths} must be multiples of twice the heads ({self.heads}) and of groups "
                f"({self.groups})."
            )

    @property
    def in_channels(self) -> int:
        """Noisy latents, mask, masked-image latents, latents of further fills."""
        return (2 + self.extra_fills) * self.latent_channels + 1

    @property
    def time_width(self) -> int:
        return 4 * self.widths[0]

    def to_dict(self) -> dict[str, Any]:
        return {"network": "pixelhacker", **asdict(self)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> PixelHackerConfig:
        """Raises :class:`ModelError` naming unknown or ill-typed entries."""
        values = {k: v for k, v in values.items() if k != "network"}
        unknown = sorted(set(values) - {f.name for f in fields(cls)})
        if unknown:
            raise ModelError(f"unknown U-Net settings: {', '.join(unknown)}.")
        try:
            if "widths" in values:
                values = {**values, "widths": tuple(int(w) for w in values["widths"])}
            return cls(**values)
        except (TypeError, ValueError) as error:
            raise ModelError(f"the U-Net settings are not valid: {error}.") from error


PIXELHACKER_CONFIGS: dict[str, PixelHackerConfig] = {
    "pixelhacker": PixelHackerConfig(),  # 862,251,708 parameters; the published model
    # A teacher for moebius-nano: the same input and categories, its first up block the size of the student's deepest.
    "pixelhacker-nano": PixelHackerConfig(
        latent_channels=8,
        extra_fills=1,
        widths=(64, 128, 128, 128),
        layers_per_block=1,
        grid=32,
        embedding_width=256,
        context_width=128,
    ),
}


def unet_config(values: dict[str, Any]) -> UNetConfig | PixelHackerConfig:
    """The configuration that ``to_dict`` of either made; raises :class:`ModelError`."""
    network = values.get("network", "moebius")
    if network not in ("moebius", "pixelhacker"):
        raise ModelError(f"there is no network {network!r}.")
    return (PixelHackerConfig if network == "pixelhacker" else UNetConfig).from_dict(values)


@dataclass(frozen=True)
class PatchAutoencoderConfig:
    """Shapes of a :class:`inference.networks.autoencoder.PatchAutoencoder`;
    ``scale`` brings its latents to unit variance.
    """

    factor: int = 8  # picture pixels per latent cell and side
    latent_channels: int = 8
    encoder_width: int = 192
    decoder_widths: tuple[int, ...] = (96, 48, 24)  # one per doubling
    scale: float = 1.0

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> PatchAutoencoderConfig:
        try:
            config = cls(**{**values, "decoder_widths": tuple(values.get("decoder_widths", (96, 48, 24)))})
        except TypeError as error:
            raise ModelError(f"the autoencoder settings are not valid: {error}.") from error
        sizes = (config.latent_channels, config.encoder_width, *config.decoder_widths)
        if not all(isinstance(size, int) and size > 0 for size in sizes):
            raise ModelError("the autoencoder's widths must be positive whole numbers.")
        if not isinstance(config.scale, int | float) or not 0 < config.scale < math.inf:
            raise ModelError(f"the autoencoder's scale must be a positive number, not {config.scale!r}.")
        if config.factor != 2 ** len(config.decoder_widths):
            raise ModelError("the autoencoder needs one decoder width per doubling.")
        return config


# Schedules as diffusers' schedulers take them. As released: 1000 steps of scaled-linear betas.
RELEASED_SCHEDULE: dict[str, Any] = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "prediction_type": "epsilon",
}
# The bundled model's: cosine, v-prediction, no signal left at the last step.
COSINE_SCHEDULE: dict[str, Any] = {"beta_schedule": "squaredcos_cap_v2", "prediction_type": "v_prediction"}
