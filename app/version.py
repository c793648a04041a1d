"""The program's version: pyproject.toml states it, what is installed answers it."""

from __future__ import annotations

from importlib import metadata


def program_version() -> str:
    """The version of the installed package, "" where it is not installed."""
    try:
        return metadata.version("moebius")
    except metadata.PackageNotFoundError:
        return ""
