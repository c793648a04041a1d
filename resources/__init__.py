"""Where the files the program ships with are: icons, theme, sample photographs, the bundled model."""

from __future__ import annotations

from pathlib import Path

# Right in a checkout, in an installed wheel and in a frozen program alike: the
# files lie beside this module in all three.
ROOT = Path(__file__).resolve().parent


def path(*parts: str) -> Path:
    """Return where a shipped file or folder is: ``path("icons", "brush.svg")``.

    Whether it exists is not checked.
    """
    return ROOT.joinpath(*parts)
