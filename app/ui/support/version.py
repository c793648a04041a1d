"""Which version of the program this is."""

from __future__ import annotations

from importlib import metadata


def program_version() -> str:
    """As installed, "" where it is not."""
    try:
        return metadata.version("moebius")
    except metadata.PackageNotFoundError:
        return ""
