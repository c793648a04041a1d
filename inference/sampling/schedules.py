"""Noise schedulers; they are diffusers'. The loop around them is :mod:`inference.sampling.loop`'s."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from torch import Tensor

from inference.errors import InputError
from inference.runtime import without

if TYPE_CHECKING:
    from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, UniPCMultistepScheduler

Solver: TypeAlias = "DDIMScheduler | DPMSolverMultistepScheduler | UniPCMultistepScheduler"

# What diffusers looks for while it is imported and nothing here calls: half a model's loading was importing that.
_UNUSED = ("scipy", "torch._dynamo")


def ddim(settings: dict[str, Any]) -> DDIMScheduler:
    """A deterministic DDIM scheduler (Song et al., arXiv 2010.02502): 1000 steps, "leading" spacing, no clipping.

    ``settings``: the betas and the prediction type, as in :mod:`inference.networks.config`.
    """
    with without(*_UNUSED):
        from diffusers.schedulers.scheduling_ddim import DDIMScheduler
    return DDIMScheduler(num_train_timesteps=1000, clip_sample=False, set_alpha_to_one=True, steps_offset=0, **settings)


FINAL = 8  # the step from the last timestep to no noise is that much shorter than an even step


def spaced(name: str, base: DDIMScheduler, timesteps: Tensor) -> Tensor:
    """``timesteps (n,)``, falling, as a solver of that name takes them: as many, from the same noise.

    DDIM takes them as they are. Solvers of higher order extrapolate in the logarithm of the signal-to-noise ratio
    (Lu et al., arXiv 2206.00927): they take steps of equal length in it.
    """
    first, count = int(timesteps[0]), len(timesteps)
    if name == "ddim" or count < 3:
        return timesteps
    last = first // (FINAL * count)
    kept = base.alphas_cumprod.double()
    ratio = (kept / (1 - kept)).log()
    wanted = torch.linspace(float(ratio[first]), float(ratio[last]), count, dtype=torch.double)
    rising = (ratio[None] - wanted[:, None]).abs().argmin(dim=1).flip(0).tolist()
    for index in range(1, count):  # neighbours that fell on the same step move up by one
        rising[index] = max(rising[index], rising[index - 1] + 1)
    return torch.tensor(rising[::-1]) if rising[-1] <= first else timesteps


def solver(name: str, base: DDIMScheduler, timesteps: Tensor) -> Solver:
    """What takes the steps of ``timesteps`` (falling), with the noise levels and the prediction type of ``base``.

    ``name``: "ddim" is ``base`` itself; "dpm++" (Lu et al., arXiv 2211.01095) and "unipc" (Zhao et al.,
    arXiv 2302.04867), both of second order, remember the steps before and serve one run. Raises
    :class:`InputError` for another name.
    """
    if name == "ddim":
        return base
    settings: dict[str, Any] = {"num_train_timesteps": 1000, "solver_order": 2, "final_sigmas_type": "zero"}
    settings |= {"prediction_type": base.config.prediction_type, "trained_betas": base.betas.tolist()}
    made: Solver
    if name == "dpm++":
        with without(*_UNUSED):
            from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
        made = DPMSolverMultistepScheduler(**settings, algorithm_type="dpmsolver++")
    elif name == "unipc":
        with without(*_UNUSED):
            from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler
        made = UniPCMultistepScheduler(**settings)
    else:
        raise InputError(f"There is no solver {name!r}; there are ddim, dpm++ and unipc.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # NumPy's, of the way diffusers hands it tensors
        made.set_timesteps(len(timesteps))
    # Theirs are spaced otherwise; every solver is to start at the same noise and take the same steps.
    kept = base.alphas_cumprod[timesteps.cpu()].double()
    made.timesteps = timesteps.cpu()
    made.sigmas = torch.cat([((1 - kept) / kept).sqrt(), torch.zeros(1, dtype=torch.double)]).float()
    made.set_begin_index(0)
    return made
