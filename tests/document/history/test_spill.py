"""The folder that steps are moved to: its files go with their program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.document.history.spill import SpillFolder, remove_leftovers
from tests.document.history.spilled import files_in

_PROGRAM = """
import os, sys
from pathlib import Path
from app.document.history.spill import SpillFolder
folder = SpillFolder(Path(sys.argv[1]))
folder.unused().write_bytes(b"x")
print("ready", flush=True)
if sys.stdin.readline() == "crash\\n":
    os._exit(1)
"""


def _program(parent: Path) -> subprocess.Popen[str]:
    program = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(parent)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "ready\n"
    return program


def test_files_go_with_their_program(tmp_path: Path) -> None:
    living, ending, crashing = (_program(tmp_path) for _ in range(3))
    assert len(files_in(tmp_path)) == 3
    remove_leftovers(tmp_path)
    assert len(files_in(tmp_path)) == 3
    ending.communicate("end\n")
    assert len(files_in(tmp_path)) == 2
    crashing.communicate("crash\n")
    assert len(files_in(tmp_path)) == 2
    folder = SpillFolder(tmp_path)
    path = folder.unused()
    assert len(files_in(tmp_path)) == 1
    path.write_bytes(b"y")
    living.communicate("end\n")
    assert files_in(tmp_path) == [path]
    folder.close()
    folder.close()
    assert list(tmp_path.iterdir()) == []


def test_no_folder_no_file(tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"")
    with pytest.raises(OSError, match="exists"):
        SpillFolder(tmp_path / "taken").unused()
    remove_leftovers(tmp_path / "nowhere")
