"""Optional packages, which only some uses need: how to add them."""

from __future__ import annotations

import sys


def how_to_add(extra: str) -> str:
    """The sentence that says how to add the packages of an extra of ``pyproject.toml``."""
    command = f'pip install ".[{extra}]"'
    if getattr(sys, "frozen", False):
        return f"The packaged program can't take them in: run the program from its source code, with: {command}."
    return f"Install them with: {command} in the program's folder."
