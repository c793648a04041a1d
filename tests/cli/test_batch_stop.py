"""Ctrl+C once, twice, and kill -9: what was written is whole, and the rest is done later."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from app.batch import local, picture
from app.batch.journal import NAME
from app.batch.stopping import Stopping
from app.document.formats.files import read_picture
from tests.cli.conftest import Folders

NAMES = ("a.png", "b.png", "c.png")


@pytest.fixture
def three(folders: Folders) -> Folders:
    for name in NAMES:
        folders.add(name)
    return folders


def interrupting(monkeypatch: pytest.MonkeyPatch, at: str, times: int) -> None:
    """Press Ctrl+C so often while the picture ``at`` is worked on."""

    def pressed(task: Any, *arguments: Any) -> picture.Made:
        for _ in range(times if task.name == at else 0):
            signal.raise_signal(signal.SIGINT)
        return picture.make(task, *arguments)

    monkeypatch.setattr(local, "make", pressed)


def states(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    return {file["name"]: file["state"] for file in json.loads(capsys.readouterr().out)["files"]}


def test_ctrl_c_finishes_the_picture_under_way(
    three: Folders, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patched:
        interrupting(patched, "b.png", 1)
        assert three.run("--json") == 130
    assert states(capsys) == {"a.png": "done", "b.png": "done", "c.png": "left"}
    assert signal.getsignal(signal.SIGINT) == before
    assert three.run("--json", "--resume") == 0
    assert states(capsys) == {"a.png": "skipped", "b.png": "skipped", "c.png": "done"}


def test_ctrl_c_during_the_last_picture_loses_nothing(
    three: Folders, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    interrupting(monkeypatch, "c.png", 1)
    assert three.run("--json") == 0
    assert set(states(capsys).values()) == {"done"}


def test_a_second_ctrl_c_drops_it(
    three: Folders, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    interrupting(monkeypatch, "b.png", 2)
    assert three.run() == 130
    printed = capsys.readouterr()
    assert "Ctrl+C again" in printed.err and "--resume" in printed.err
    assert sorted(path.name for path in three.results.iterdir()) == [NAME, "a.png"]


def test_a_request_of_the_system_ends_at_once() -> None:
    stop = Stopping()
    with stop.caught():
        signal.raise_signal(signal.SIGTERM)
        assert stop.now and stop.asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


KILLED = """
import os, signal, sys

left = int(sys.argv[1])

def sync(handle, fsync=os.fsync):
    global left
    fsync(handle)
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)

os.fsync = sync
from app.cli import main
main(sys.argv[2:])
"""


def test_kill_9_anywhere_and_resume(three: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    """Killed at the n-th flush to the disk: of the journal, of a result, of a folder."""
    for flush in ("2", "3"):  # a result that has not got its name yet; one that has, and is not noted as done
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, flush, *three.arguments("--resume")],
            capture_output=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            check=False,
        )
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        for path in three.results.glob("*.png"):
            read_picture(path)
    assert three.run("--json", "--resume") == 0
    assert set(states(capsys)) == set(NAMES)
    assert sorted(path.name for path in three.results.iterdir()) == [NAME, *NAMES]
