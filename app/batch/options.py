"""The options of an erase without a window: everything the command line lets one choose."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inference.models import ModelFolder


@dataclass(frozen=True)
class Options:
    """What is chosen for every picture; None means the model's own default."""

    model: str = "moebius-nano"
    device: str = "auto"
    precision: str = "auto"
    steps: int | None = None
    guidance: float | None = None
    strength: float | None = None
    solver: str | None = None
    guidance_until: float | None = None
    deep_every: int | None = None
    context: int | None = None
    colour: str | None = None
    exact_mask: bool | None = None
    cover_traces: bool | None = None
    continue_edges: bool | None = None
    start: str | None = None
    previews: str | None = None
    variant: int | None = None
    seed: int = 0
    quality: int | None = None  # of JPEG, WebP and AVIF; None: like the original
    resize_masks: bool = False
    speed: str | None = None  # a preset, in the place of what is left open here

    @property
    def of_model(self) -> dict[str, Any]:
        """What :func:`inference.erase.chosen_settings` takes."""
        names = (
            "steps",
            "guidance",
            "strength",
            "solver",
            "guidance_until",
            "deep_every",
            "context",
            "colour",
            "exact_mask",
            "cover_traces",
            "continue_edges",
            "start",
            "variant",
        )
        return {name: getattr(self, name) for name in (*names, "previews")}

    def resolved(self, folder: ModelFolder) -> Options:
        """These options for a model, with what its preset says where they leave it open.

        Raises :class:`inference.errors.InputError` for a speed there is not.
        """
        if self.speed is None:
            return self
        from inference.models import chosen_preset

        preset = chosen_preset(folder, self.speed)
        own = folder.settings
        said = {f.name: getattr(preset, f.name) for f in fields(preset) if f.name != "precision"}
        # As published has a start, steps and strength of its own: what a preset leaves as it was stays open.
        changed = {name: value for name, value in said.items() if value != getattr(own, name)}
        precision = preset.precision if self.precision == "auto" else self.precision
        left_open = {name: value for name, value in changed.items() if getattr(self, name) is None}
        return replace(self, speed=None, precision=precision, **left_open)

    def fingerprint(self, *, elsewhere: bool = False) -> str:
        """A sum of all that makes a result what it is, but for picture and mask; for ``--resume``.

        Raises :class:`inference.errors.ModelError` where the model is not there and is not used ``elsewhere``.
        """
        from inference.errors import ModelError
        from inference.models import file_stamps, find_model

        try:
            weights = file_stamps(find_model(self.model))
        except ModelError:
            if not elsewhere:
                raise
            weights = []
        values = {**asdict(self), "weights": weights}
        del values["previews"]  # they leave no trace in the result
        for later in ("speed", "deep_every", "variant"):
            if values[later] is None:
                del values[later]  # as before there was one
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def located(model: str) -> str:
    """A model's name, or the whole path where it is a folder or file: the same wherever it is read."""
    from inference.models import PATCH_FILL, bundled_models, installed_path

    if model in (PATCH_FILL, *bundled_models()) or installed_path(model) is not None:
        return model
    try:
        path = Path(model).expanduser()
        return (
            str(path.absolute()) if model and path.exists() else model
        )  # links of a cache lead to files without names
    except (OSError, RuntimeError, ValueError):  # what is wrong with it is said when it is looked for
        return model
