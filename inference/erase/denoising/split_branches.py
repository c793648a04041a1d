"""``SplitBranches``: guidance with one branch at a time, where memory is short."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from inference.networks import UNetOutput


class SplitBranches:
    """A U-Net that runs the rows of its batch one after the other: half the memory of both at once."""

    def __init__(self, unet: Any) -> None:
        self.unet, self.config = unet, unet.config

    def __call__(self, sample: Tensor, timesteps: Tensor, input_ids: Tensor) -> UNetOutput:
        outputs = [
            self.unet(sample[i : i + 1] if len(sample) > 1 else sample, timesteps, input_ids[i : i + 1])
            for i in range(len(input_ids))
        ]
        blocks = zip(*(output.block_outputs for output in outputs), strict=True)
        return UNetOutput(torch.cat([o.sample for o in outputs]), tuple(torch.cat(block) for block in blocks))
