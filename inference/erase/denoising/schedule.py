"""The timesteps of an erase."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from torch import Tensor

from inference.models import EraseSettings, Model
from inference.sampling import ddim, plan_timesteps

if TYPE_CHECKING:
    from diffusers import DDIMScheduler

FEWEST_REACH = 0.45  # share of the strength that an evenly spaced schedule must reach
NOISIEST = 0.9  # share of all timesteps at which pure noise may be taken for what it is, by the noise left there


def schedule_of(model: Model, settings: EraseSettings) -> tuple[DDIMScheduler, Tensor]:
    """The scheduler, and the timesteps that are run: exactly ``settings.steps`` of them.

    As released, the first part of an evenly spaced schedule is left out by the strength: 19 steps at 0.99 are the
    last 19 of 20. With so few steps that the spacing would begin far below the strength asked for (one step would
    begin at time 0 and erase nothing), they are spaced from the other end (Lin et al., arXiv 2305.08891); from pure
    noise also where they would begin at a time when something of a picture is to be expected.
    """
    scheduler = ddim(model.folder.schedule)
    length = math.ceil(settings.steps / settings.strength - 1e-9)
    timesteps = plan_timesteps(scheduler, length, settings.strength)[-settings.steps :]
    reach = NOISIEST if settings.start == "noise" else FEWEST_REACH * settings.strength
    if timesteps[0] < reach * scheduler.config.num_train_timesteps:
        scheduler.register_to_config(timestep_spacing="trailing")
        timesteps = plan_timesteps(scheduler, length, settings.strength)[-settings.steps :]
    return scheduler, timesteps
