"""Models from elsewhere: which there are, how they are fetched, checked and kept. No torch, save in ``importing``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.lazy import lookup

if TYPE_CHECKING:
    from inference.hub.client import Network
    from inference.hub.downloading import Progress, UnfinishedDownload, download, unfinished_downloads
    from inference.hub.errors import Stop, Stopped, TokenNeeded
    from inference.hub.importing import import_model, install_download
    from inference.hub.registry import CATALOGUE, KnownModel, known_model
    from inference.hub.verify import damaged_files

__all__ = [
    "CATALOGUE",
    "KnownModel",
    "Network",
    "Progress",
    "Stop",
    "Stopped",
    "TokenNeeded",
    "UnfinishedDownload",
    "damaged_files",
    "download",
    "import_model",
    "install_download",
    "known_model",
    "unfinished_downloads",
]

_HOMES = {
    "client": ("Network",),
    "downloading": (
        "UnfinishedDownload",
        "Progress",
        "unfinished_downloads",
        "download",
    ),
    "errors": (
        "Stop",
        "Stopped",
        "TokenNeeded",
    ),
    "importing": (
        "import_model",
        "install_download",
    ),
    "registry": (
        "CATALOGUE",
        "KnownModel",
        "known_model",
    ),
    "verify": ("damaged_files",),
}

__getattr__ = lookup(__name__, _HOMES)
