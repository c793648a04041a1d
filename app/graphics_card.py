"""What to do where a graphics card is here that the program can't use, and whether its libraries are whole. No Qt."""

from __future__ import annotations

import ctypes
import importlib.util
from pathlib import Path

# By what inference.models.why_unused says
REASONS = {
    "build": (
        "this copy of the program calculates on the processor only. The package for NVIDIA's cards can use it: install "
        "the one whose file's name begins with moebius-cuda, from where this one came. From the source code: "
        "pip install --force-reinstall torch, or make that package by: make package ARGS=--cuda."
    ),
    "driver": (
        "NVIDIA's driver does not answer, or is too old for this copy of the program: install the newest driver, then "
        "start the computer again."
    ),
    "age": (
        "this copy of the program has no code for it, and calculates on the processor: the card is older or newer than "
        "those the copy was made for. From the source code a torch that was made for the card can use it."
    ),
}
HINTS = {
    "build": "install the package moebius-cuda to use it",
    "driver": "its driver does not answer or is too old",
    "age": "this copy of the program has no code for it",
}
UNLISTED = "this copy of the program can't use it."


def hint(name: str, why: str) -> str:
    """The same in as few words as a label has room for."""
    return f"{name} is not used: {HINTS.get(why, UNLISTED.removesuffix('.'))}."


def advice(name: str, why: str) -> str:
    """A sentence or two on the card called ``name`` that is not used, and how it would be."""
    return f"{name} is here, but {REASONS.get(why, UNLISTED)}"


def libraries() -> str:
    """Whether the parts of cuDNN load, which torch's build for cards asks for when a picture is erased on one.

    Empty where this torch is for no card. Raises ``OSError`` that names the part which is missing or damaged.
    """
    # Beside torch, in the package and where pip puts it
    torch = importlib.util.find_spec("torch")
    folder = Path(torch.origin).parents[1] / "nvidia/cudnn/lib" if torch is not None and torch.origin else None
    parts = sorted(folder.glob("libcudnn*.so*")) if folder is not None else []
    for part in parts:
        ctypes.CDLL(str(part))
    return f"cuDNN's {len(parts)} parts can be loaded" if parts else ""
