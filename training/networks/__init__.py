"""The networks in training: built, first weights, shared norms, gradient checkpointing."""

from __future__ import annotations

from training.networks.batchnorm import share_statistics
from training.networks.building import LatentSpace, fill_weights, make_unet, read_autoencoder, read_weights
from training.networks.gradient_checkpointing import checkpoint_layers

__all__ = [
    "LatentSpace",
    "checkpoint_layers",
    "fill_weights",
    "make_unet",
    "read_autoencoder",
    "read_weights",
    "share_statistics",
]
