"""An environment of its own with torch for NVIDIA's cards: two builds of torch can't lie side by side."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from resources.packaging.contents import ROOT

CONSTRAINTS = ROOT / "constraints.txt"


def in_use() -> bool:
    """Whether the torch that would be packed is the one for NVIDIA's cards."""
    made_for = subprocess.run(
        [sys.executable, "-c", "import torch; print(torch.version.cuda or '')"],
        check=True,
        capture_output=True,
        text=True,
    )
    return bool(made_for.stdout.strip())


def constraints(pinned: str, version: str) -> str:
    """The text of a constraints file with torch at ``version`` and everything else as it is.

    Raises ``ValueError`` where it pins no torch, or ``version`` is no version.
    """
    if not re.fullmatch(r"\d+(\.\d+)*[\w.+]*", version):
        raise ValueError(f"{version!r} is no version of torch; write for example 2.14.1.")
    changed, count = re.subn(r"^torch==.*$", f"torch=={version}", pinned, flags=re.MULTILINE)
    if count != 1:
        raise ValueError("The constraints pin no torch that could be replaced.")
    return changed


def commands(environment: Path, index: str, pins: Path = CONSTRAINTS) -> list[list[str]]:
    """What makes the environment, with versions as ``pins`` says; ``index`` is a place for pip, or empty."""
    python = str(environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    install = [python, "-m", "pip", "install", "--disable-pip-version-check"]
    install += ["--index-url", index] if index else []
    return [
        [sys.executable, "-m", "venv", "--clear", str(environment)],
        [*install, "-c", str(pins), "-e", f"{ROOT}[package]"],
    ]


def make(environment: Path, index: str, version: str) -> str:
    """Make the environment and return its Python; ``version`` of torch other than the pinned one, or empty.

    Raises ``ValueError`` as :func:`constraints` does, or where the torch that pip found is for no card, and
    ``subprocess.CalledProcessError`` where pip fails.
    """
    pins = CONSTRAINTS
    if version:
        text = constraints(CONSTRAINTS.read_text(encoding="utf-8"), version)
        pins = environment.with_name(f"{environment.name}-constraints.txt")
        pins.parent.mkdir(parents=True, exist_ok=True)
        pins.write_text(text, encoding="utf-8")
    making = commands(environment, index, pins)
    python = making[-1][0]
    variables = {k: v for k, v in os.environ.items() if k not in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL")}
    for command in making:
        subprocess.run(command, check=True, cwd=ROOT, env=variables)
    check = "import sys, torch; sys.exit(0 if torch.version.cuda else 1)"
    if subprocess.run([python, "-c", check], check=False).returncode != 0:
        raise ValueError(
            f"{index or 'What pip finds'} has no torch for NVIDIA's cards; name another place with --cuda-index, "
            "or another version with --torch."
        )
    return python
