"""From the model's square to the picture: colours matched, seams faded, at 8 or 16 bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.lazy import lookup

if TYPE_CHECKING:
    from inference.erase.compositing.blending import composite, lowpass
    from inference.erase.compositing.compositor import BAND, Compositor
    from inference.erase.compositing.preview import Preview

__all__ = [
    "BAND",
    "Compositor",
    "Preview",
    "composite",
    "lowpass",
]

_HOMES = {
    "blending": ("composite", "lowpass"),
    "compositor": ("BAND", "Compositor"),
    "preview": ("Preview",),
}

__getattr__ = lookup(__name__, _HOMES)
