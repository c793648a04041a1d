"""Pictures as tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def tensor_of(values: NDArray[Any], device: torch.device) -> Tensor:
    """``(H, W, C)`` -> ``(1, C, H, W)`` float32 on ``device``."""
    tensor = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
    return tensor.permute(2, 0, 1)[None].contiguous().to(device)
