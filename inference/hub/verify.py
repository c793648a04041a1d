"""Verifying installed models: whether their files are still the ones that were imported."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from inference.errors import ModelError
from inference.models import BUNDLED, SHARED_VAE, bundled_models, differing, installed_path, models_folder, read_record

CHUNK = 1 << 22


def damaged_files(
    name: str, models: Path | None = None, on_bytes: Callable[[int, int], None] = lambda _done, _total: None
) -> list[str]:
    """Names of a model's files that are missing or not what they were; none where all is well.

    ``on_bytes(read, total)`` hears how far it is, and may raise to end it. Raises :class:`ModelError` where there is
    no such model, or no sums to compare with.
    """
    if name in bundled_models():
        return differing(BUNDLED / name)
    path = installed_path(name, models)
    if path is None:
        raise ModelError(f"There is no model {name!r} on this computer.")
    record = read_record(path)
    stored = record.get("stored")
    if not isinstance(stored, dict) or not stored:
        raise ModelError(f"{name} was taken in without sums to compare with; remove it and fetch it again.")
    total = sum(file.stat().st_size for file in (path.joinpath(*_parts(p)) for p in stored) if file.is_file())
    found, done = [], 0
    for relative, wanted in sorted(stored.items()):
        file = path.joinpath(*_parts(relative))
        if not file.is_file():
            found.append(relative)
            continue
        total_sum = hashlib.sha256()
        try:
            with file.open("rb") as data:
                while chunk := data.read(CHUNK):
                    total_sum.update(chunk)
                    done += len(chunk)
                    on_bytes(done, total)
        except OSError:
            found.append(relative)  # a disk that can't give it back
            continue
        if total_sum.hexdigest() != wanted:
            found.append(relative)
    if record.get("shared_vae"):
        found += [f"{SHARED_VAE}/{file}" for file in differing((models or models_folder()) / SHARED_VAE)]
    return found


def _parts(relative: str) -> tuple[str, ...]:
    parts = PurePosixPath(relative).parts
    return tuple(part for part in parts if part not in ("..", "/"))
