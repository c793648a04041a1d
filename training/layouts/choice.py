"""Fitting the choice between two fills: the numbers of :mod:`inference.layout.choice`."""

from __future__ import annotations

import torch
from torch import Tensor

from inference.layout import Hints, appearance, blurred, inside_of, terms
from training.config import FitChoiceConfig
from training.layouts.samples import Pool, Samples

LOWPASS = 0.69  # cells: with a cell's own width as much as 3 pixels
RIDGE = 1e-3
FLOOR = 1.5e-3  # squared error below which a sample counts no more for being easier
AT_ONCE = 64


def fit(samples: Samples) -> Tensor:
    """``(20,)``: least squares of the low-passed colours, every sample weighed by the patch fill's error on it."""
    left: Tensor | float = 0.0
    right: Tensor | float = 0.0
    for first in range(0, len(samples.truth), AT_ONCE):
        some = slice(first, first + AT_ONCE)
        hints, truth = Hints(*(values[some] for values in samples.hints.tensors())), samples.truth[some]
        inside, share = inside_of(hints), hints.share
        apart = blurred((hints.edges - hints.patches) * inside, LOWPASS)
        wrong = blurred((truth - hints.patches) * inside, LOWPASS)
        total = (wrong.square().mean(1, keepdim=True) * share).sum((1, 2, 3)) / share.sum((1, 2, 3))
        weight = share / (share.sum((1, 2, 3), keepdim=True) * (total[:, None, None, None] + FLOOR))
        within = share[:, 0] > 0
        made = terms(appearance(hints)).permute(0, 2, 3, 1)[within]
        left = left + (made * (apart.square().sum(1, keepdim=True) * weight)[:, 0][within][:, None]).T @ made
        right = right + made.T @ ((apart * wrong).sum(1, keepdim=True) * weight)[:, 0][within]
    assert isinstance(left, Tensor) and isinstance(right, Tensor)
    return torch.linalg.solve(left + RIDGE * torch.diag(left.diag()), right)


def fit_choice(config: FitChoiceConfig) -> Tensor:
    """Print the numbers that ``inference/layout/choice.py`` holds."""
    pool = Pool(config.samples, torch.device("cpu"))
    weights = fit(pool.all())
    print(f"{len(pool)} samples\nWEIGHTS = ({', '.join(f'{value:.4f}' for value in weights.tolist())})")
    return weights
