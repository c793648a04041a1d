"""``Model``: what a loaded model consists of."""

from __future__ import annotations

from dataclasses import dataclass, field

from inference.models.catalogue import ModelFolder
from inference.models.codec import Codec
from inference.sampling import Denoiser


@dataclass(frozen=True)
class Model:
    """A loaded model in evaluation mode."""

    folder: ModelFolder
    unet: Denoiser
    codec: Codec | None  # None: what it denoises are layouts
    notes: tuple[str, ...] = field(default=(), kw_only=True)  # sentences on what of it can't be used, for the user
