"""Settings of an erase as a caller chooses them: checked, in the place of the model's own."""

from __future__ import annotations

from dataclasses import replace

from inference.errors import InputError
from inference.models import AS_PUBLISHED, PREVIEWS, EraseSettings

COLOURS = ("membrane", "offset", "gain", "released", "none")
SOLVERS = ("ddim", "dpm++", "unipc")
STARTS = ("noise", "published")
GRAIN = 32  # picture pixels: four latent cells, which the U-Net halves twice
LARGEST_CONTEXT = 1024
MOST_REUSED = 10  # steps that deep features can serve
VARIANTS = 4  # ways to fill a hole: the model's own, larger patches, no continued edges, smaller patches


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
    deep_every: int | None = None,
    exact_mask: bool | None = None,
    cover_traces: bool | None = None,
    continue_edges: bool | None = None,
    start: str | None = None,
    previews: str | None = None,
    variant: int | None = None,
) -> EraseSettings:
    """``settings`` with what is not None in its place; raises :class:`InputError` for what is out of range.

    ``start``: of the published models, "noise" (below full strength: a filled hole) or "published", from the picture at
    a strength of 0.99 in 19 steps where no others are given. ``previews``: "exact", "fast" or "fitted".
    ``variant``: which of the ways to fill a hole, the model's own first; beyond the last it begins again.
    """
    if start is not None and start not in STARTS:
        raise InputError(f"Start must be one of {', '.join(STARTS)}, not {start}.")
    if start is not None and settings.start != "noise":
        raise InputError("Only the published models have another start than their own.")
    if start == "published":
        settings = replace(settings, **AS_PUBLISHED)
    given = {"steps": steps, "guidance": guidance, "strength": strength, "context": context, "colour": colour}
    given |= {"solver": solver, "guidance_until": guidance_until, "deep_every": deep_every}
    given |= {"exact_mask": exact_mask, "cover_traces": cover_traces}
    given |= {"continue_edges": continue_edges, "previews": previews}
    settings = replace(settings, **{k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]
    settings = _varied(settings, variant or 0)
    if not 1 <= settings.steps <= 1000:
        raise InputError(f"Steps must be between 1 and 1000, not {settings.steps}.")
    if not 0 < settings.strength <= 1:
        raise InputError(f"Strength must be above 0 and at most 1, not {settings.strength}.")
    if settings.start == "noise" and settings.strength < 1:  # what is kept then is a fill, never the picture
        settings = replace(settings, start="fill")
    if not 1 <= settings.guidance <= 30:
        raise InputError(f"Guidance must be between 1 and 30, not {settings.guidance}.")
    side = settings.context
    if side and (side % GRAIN or not 2 * GRAIN <= side <= LARGEST_CONTEXT):
        raise InputError(f"Context must be a multiple of {GRAIN} from {2 * GRAIN} to {LARGEST_CONTEXT}, not {side}.")
    if settings.solver not in SOLVERS:
        raise InputError(f"Solver must be one of {', '.join(SOLVERS)}, not {settings.solver}.")
    if not 0 <= settings.guidance_until <= 1:
        raise InputError(f"Guidance can end between 0 and 1 of the steps, not at {settings.guidance_until}.")
    if not 1 <= settings.deep_every <= MOST_REUSED:
        raise InputError(f"Deep features can serve 1 to {MOST_REUSED} steps, not {settings.deep_every}.")
    if settings.previews not in PREVIEWS:
        raise InputError(f"Previews must be one of {', '.join(PREVIEWS)}, not {settings.previews}.")
    if settings.colour not in COLOURS:
        raise InputError(f"Colour must be one of {', '.join(COLOURS)}, not {settings.colour}.")
    return settings


def _varied(settings: EraseSettings, variant: int) -> EraseSettings:
    """Another way to fill a hole, for results to choose from: another seed alone often changes little."""
    if variant < 0:
        raise InputError(f"Variant must be 0 or more, not {variant}.")
    match variant % VARIANTS:
        case 1:
            return replace(settings, fill_radius=settings.fill_radius + 2)
        case 2:
            return replace(settings, continue_edges=False)
        case 3:
            return replace(settings, fill_radius=max(1, settings.fill_radius - 1))
    return settings
