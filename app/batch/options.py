"""The options of an erase without a window: everything the command line lets one choose."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


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
    context: int | None = None
    colour: str | None = None
    exact_mask: bool | None = None
    start: str | None = None
    previews: str | None = None
    seed: int = 0
    quality: int | None = None  # of JPEG, WebP and AVIF; None: like the original
    resize_masks: bool = False

    @property
    def of_model(self) -> dict[str, Any]:
        """What :func:`inference.erase.settings.chosen_settings` takes."""
        names = (
            "steps",
            "guidance",
            "strength",
            "solver",
            "guidance_until",
            "context",
            "colour",
            "exact_mask",
            "start",
        )
        return {name: getattr(self, name) for name in (*names, "previews")}

    def fingerprint(self, *, elsewhere: bool = False) -> str:
        """A sum of all that makes a result what it is, but for picture and mask; for ``--resume``.

        Raises :class:`inference.errors.ModelError` where the model is not there and is not used ``elsewhere``.
        """
        from inference.errors import ModelError

        try:
            weights = _weights(self.model)
        except ModelError:
            if not elsewhere:
                raise
            weights = []
        values = {**asdict(self), "weights": weights}
        del values["previews"]  # they leave no trace in the result
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _weights(model: str) -> list[tuple[str, int, int]]:
    """What tells a model's files from others of the same name, without reading them."""
    from inference.models import find_model

    found = []
    for path in find_model(model).files.values():
        inside = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        found += [(p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in inside]
    return found


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
