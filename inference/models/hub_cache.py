"""Folders as ``huggingface_hub`` caches them, and where a published checkpoint finds its autoencoder.

::

    models--hustvl--Moebius/
      blobs/SUM                                          the bytes, under names without a suffix
      refs/main                                          the commit that was the newest
      snapshots/COMMIT/ft_places2/diffusion_pytorch_model.bin    a link to a blob
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from inference.models.folders import SHARED_VAE, has_autoencoder, models_folder

AUTOENCODER_REPO = "models--hustvl--PixelHacker"


def snapshot_of(path: Path) -> Path:
    """The newest files of a cached repository; any other path as it is."""
    folder = path / "snapshots"
    if not folder.is_dir():
        return path
    try:
        newest = folder / (path / "refs" / "main").read_text(encoding="ascii").strip()
        if newest.is_dir() and newest != folder:
            return newest
    except (OSError, ValueError):
        pass  # fetched by commit: no branch is noted
    found = [p for p in folder.iterdir() if p.is_dir()]
    return max(found, key=lambda p: p.stat().st_mtime, default=path)


def autoencoder_of(root: Path) -> Path | None:
    """The folder of the autoencoder that belongs to the checkpoint in ``root``, None where there is none.

    Beside it, else the installed one, else in the same cache.
    """
    return next((folder for folder in _places(root) if folder.is_dir()), None)


def _places(root: Path) -> Iterator[Path]:
    yield root / "vae"
    yield root.parent / "vae"
    if has_autoencoder():
        yield models_folder() / SHARED_VAE
    for folder in root.absolute().parents:
        if folder.name == "snapshots":
            yield snapshot_of(folder.parents[1] / AUTOENCODER_REPO) / "vae"
