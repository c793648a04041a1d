"""Deterministic stand-in weights: every tensor of a state dict from its key and shape alone.

Reference values in ``tests/data`` were computed with the published code and these weights.
"""

from __future__ import annotations

import os
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import nn


def tensor_for(key: str, shape: tuple[int, ...]) -> np.ndarray:
    """The stand-in for one entry; float32, or int64 for counters."""
    if key.endswith("num_batches_tracked"):
        return np.zeros(shape, np.int64)
    random = np.random.RandomState(zlib.crc32(key.encode()))
    n = random.standard_normal(size=tuple(shape)).astype(np.float32)
    if key.endswith("running_var"):
        return 1 + np.float32(0.2) * np.abs(n)
    if key.endswith("running_mean"):
        return np.float32(0.1) * n
    if key.endswith("rel_pos_emb"):
        return np.float32(0.3) * n
    if key.endswith("embedding_layer.weight"):
        return n
    if len(shape) == 1:
        return 1 + np.float32(0.1) * n if key.endswith("weight") else np.float32(0.05) * n
    n /= np.float32(np.sqrt(np.prod(shape[1:])))
    return n


def fill(module: nn.Module) -> nn.Module:
    """Give every entry of ``module``'s state dict (may be on the meta device) its stand-in."""
    shapes = {key: tuple(value.shape) for key, value in module.state_dict().items()}
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # every entry has a generator of its own, which frees the others
        values = pool.map(tensor_for, shapes, shapes.values())
    state = {key: torch.from_numpy(np.asarray(value)) for key, value in zip(shapes, values, strict=True)}
    module.load_state_dict(state, strict=True, assign=True)
    return module.requires_grad_(False).eval()
