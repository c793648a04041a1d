"""Checksums (SHA-256) of a model folder's weights, written beside them: a damaged copy is told from a whole one."""

from __future__ import annotations

import hashlib
from pathlib import Path

from inference.errors import ModelError

SUMS = "SHA256SUMS"  # as the command sha256sum writes and checks them


def sha256(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal; raises ``OSError``."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_sums(folder: Path) -> None:
    """Write the sums of all ``*.safetensors`` of ``folder`` into it; raises ``OSError``."""
    lines = [f"{sha256(path)}  {path.name}\n" for path in sorted(folder.glob("*.safetensors"))]
    (folder / SUMS).write_text("".join(lines), encoding="ascii")


def differing(folder: Path) -> list[str]:
    """Names of files in ``folder`` that are missing or not what its sums say, or have no sum.

    Raises :class:`ModelError` where there are no sums, or they can't be read.
    """
    try:
        lines = (folder / SUMS).read_text(encoding="ascii").splitlines()
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder / SUMS} is missing or damaged; copy the whole model folder again.") from error
    sums = {name: wanted for wanted, _, name in (line.partition("  ") for line in lines)}
    present = {path.name for path in folder.glob("*.safetensors")}
    return sorted(name for name in {*sums, *present} if name not in present or sums.get(name) != sha256(folder / name))
