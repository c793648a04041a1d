"""How to erase: what the panel says, with what the settings say of the published models."""

from __future__ import annotations

from dataclasses import replace

from app.engine.protocol import EraseOptions, ModelInfo
from app.ui.support import Settings, settings

# What tells a result from the first, by the variant of its options
WAYS = ("", "larger patches", "edges are not continued", "smaller patches")
_NO_EDGES = 2


def with_settings(options: EraseOptions, info: ModelInfo | None, store: Settings) -> EraseOptions:
    """``options`` with the previews and, for a model that offers it, the start that are set.

    As published, numbers left as the model proposes them are those of its authors. A model that fills a hole first may
    do so in several ways, of which its own is the first.
    """
    if info is not None and "continue_edges" not in info.unused:
        options = replace(options, variant=0)
    if (previews := store.get(settings.PREVIEWS)) != settings.PREVIEWS.default:
        options = replace(options, previews=previews)
    if info is None or not info.starts or store.get(settings.START) == settings.START.default:
        return options
    return replace(
        options,
        start=store.get(settings.START),
        steps=None if options.steps == info.steps else options.steps,
        strength=None if options.strength == info.strength else options.strength,
    )


def another_way(options: EraseOptions, than: EraseOptions) -> EraseOptions:
    """``options`` with the next way to fill a hole, where else only the seed tells them from those of a result."""
    if options.variant is None or than.variant is None:
        return options
    if replace(options, seed=0, variant=0) != replace(than, seed=0, variant=0):
        return options  # something was chosen anew: that is what is to be seen
    variant = than.variant + 1
    if options.continue_edges is False and variant % len(WAYS) == _NO_EDGES:  # as the first is filled anyway
        variant += 1
    return replace(options, variant=variant)
