"""Presets of speed: which settings *fast*, *balanced* and *best* stand for with each kind of model.

One of them is always the model's own settings, unchanged. What the others cost in quality was not measured with the
published weights, which were not at hand; docs/performance.md has what was measured of each part.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from inference.errors import InputError
from inference.models.catalogue import EraseSettings, ModelFolder
from inference.networks import UNetConfig

SPEEDS = ("fast", "balanced", "best")
QUICK = "quick"  # as a precision: bf16 where device and model gain by it, see devices.quick_precision


@dataclass(frozen=True)
class Preset:
    """What a speed sets; every other setting stays the model's own."""

    steps: int
    guidance: float
    strength: float
    solver: str = "ddim"
    guidance_until: float = 1.0  # share of the steps that are guided
    deep_every: int = 1  # deep features of the network are computed at one of so many steps
    context: int = 0  # side in pixels at which the model works; 0: its native one
    precision: str = "auto"  # of the network's arithmetic, or QUICK

    @classmethod
    def of(cls, settings: EraseSettings) -> Preset:
        """The one that changes nothing."""
        return cls(
            settings.steps,
            settings.guidance,
            settings.strength,
            settings.solver,
            settings.guidance_until,
            settings.deep_every,
            settings.context,
        )


# Of models that make the hole's content from noise in many steps, chosen by the time of the full Moebius model on two
# cores with bf16. UniPC needs fewer steps than DDIM for the same error, guidance matters most in the first of them, and
# deep features that serve two steps cost less than leaving out steps (of a small model: docs/performance.md).
BALANCED = {"steps": 12, "solver": "unipc", "guidance_until": 0.5, "precision": QUICK}
FAST = {**BALANCED, "deep_every": 2}
FAST_WHOLE = {**BALANCED, "steps": 8}  # of networks that can't use deep features again
FAST_CONTEXT = 0.75  # of the native side
FEWEST_REUSING = 8  # steps from which on deep features may serve two of them


def presets_of(folder: ModelFolder) -> dict[str, Preset]:
    """The presets by their names in :data:`SPEEDS`; none where there is nothing to choose, as with the patch fill."""
    if not folder.has_weights:
        return {}
    own = Preset.of(folder.settings)
    if folder.flux:  # distilled guidance, its own solver, one precision for each device
        return {"fast": _steps(own, 0.4), "balanced": _steps(own, 0.6), "best": own}
    if folder.layout:
        return {"fast": _steps(own, 0.5), "balanced": own, "best": replace(own, steps=2 * own.steps)}
    reuses = isinstance(folder.unet, UNetConfig) and own.steps >= FEWEST_REUSING
    fast = replace(own, **(FAST if reuses else FAST_WHOLE))  # type: ignore[arg-type]
    balanced = replace(own, **BALANCED)  # type: ignore[arg-type]
    if own.guidance == 1:  # one branch anyway
        fast, balanced = (replace(preset, guidance_until=own.guidance_until) for preset in (fast, balanced))
    side = round(folder.native * FAST_CONTEXT / 32) * 32
    return {
        "fast": replace(fast, steps=min(fast.steps, own.steps), context=side),
        "balanced": replace(balanced, steps=min(balanced.steps, own.steps)),
        "best": own,
    }


def chosen_preset(folder: ModelFolder, speed: str) -> Preset:
    """The preset called ``speed``; raises :class:`InputError` where there is no such one."""
    if speed not in SPEEDS:
        raise InputError(f"Speed must be one of {', '.join(SPEEDS)}, not {speed}.")
    preset = presets_of(folder).get(speed)
    return Preset.of(folder.settings) if preset is None else preset


def _steps(preset: Preset, share: float) -> Preset:
    return replace(preset, steps=_share(preset.steps, share))


def _share(steps: int, share: float) -> int:
    return max(1, round(steps * share))
