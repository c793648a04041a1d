"""Settings of an erase as a caller chooses them: checked, in the place of the model's own."""

from __future__ import annotations

from dataclasses import replace

from inference.errors import InputError
from inference.models import EraseSettings

COLOURS = ("membrane", "offset", "gain", "released", "none")
SOLVERS = ("ddim", "dpm++", "unipc")
GRAIN = 32  # picture pixels: four latent cells, which the U-Net halves twice
LARGEST_CONTEXT = 1024


def chosen_settings(
    settings: EraseSettings,
    *,
    steps: int | None = None,
    guidance: float | None = None,
    strength: float | None = None,
    context: int | None = None,
    colour: str | None = None,
    solver: str | None = None,
    guidance_until: float | None = None,
    exact_mask: bool | None = None,
) -> EraseSettings:
    """``settings`` with what is not None in its place; raises :class:`InputError` for what is out of range."""
    given = {"steps": steps, "guidance": guidance, "strength": strength, "context": context, "colour": colour}
    given |= {"solver": solver, "guidance_until": guidance_until, "exact_mask": exact_mask}
    settings = replace(settings, **{k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]
    if not 1 <= settings.steps <= 1000:
        raise InputError(f"Steps must be between 1 and 1000, not {settings.steps}.")
    if not 0 < settings.strength <= 1:
        raise InputError(f"Strength must be above 0 and at most 1, not {settings.strength}.")
    if not 1 <= settings.guidance <= 30:
        raise InputError(f"Guidance must be between 1 and 30, not {settings.guidance}.")
    side = settings.context
    if side and (side % GRAIN or not 2 * GRAIN <= side <= LARGEST_CONTEXT):
        raise InputError(f"Context must be a multiple of {GRAIN} from {2 * GRAIN} to {LARGEST_CONTEXT}, not {side}.")
    if settings.solver not in SOLVERS:
        raise InputError(f"Solver must be one of {', '.join(SOLVERS)}, not {settings.solver}.")
    if not 0 <= settings.guidance_until <= 1:
        raise InputError(f"Guidance can end between 0 and 1 of the steps, not at {settings.guidance_until}.")
    if settings.colour not in COLOURS:
        raise InputError(f"Colour must be one of {', '.join(COLOURS)}, not {settings.colour}.")
    return settings
