"""How to erase: what the panel says, with what the settings say of the published models."""

from __future__ import annotations

from dataclasses import replace

from app.engine.protocol import EraseOptions, ModelInfo
from app.ui.support import Settings, settings


def with_settings(options: EraseOptions, info: ModelInfo | None, store: Settings) -> EraseOptions:
    """``options`` with the previews and, for a model that offers it, the start that are set.

    As published, numbers left as the model proposes them are those of its authors.
    """
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
