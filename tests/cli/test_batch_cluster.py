"""A batch on a real cluster of two processes: its workers are lost, its scheduler is lost, and nothing else is."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.document.formats.files import read_picture
from tests.cli.conftest import HOLE, Folders

pytest.importorskip("distributed")
pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


@dataclass
class Cluster:
    address: str
    workers: list[int]  # process numbers
    process: subprocess.Popen[str]


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    command = [sys.executable, str(ROOT / "tests/oracles/cluster.py")]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, text=True, env=ENVIRONMENT, **pipes) as process:
        assert process.stdout is not None
        found = json.loads(process.stdout.readline())
        yield Cluster(found["address"], found["workers"], process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=30)
        process.kill()
        for worker in found["workers"]:
            kill(worker)


def kill(process: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def begin(folders: Folders, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "app", *folders.arguments("--json", *more)]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, text=True, cwd=ROOT, env=ENVIRONMENT, **pipes)


def first_line(process: subprocess.Popen[str]) -> str:
    """What it says when the first picture is done."""
    assert process.stderr is not None
    return process.stderr.readline()


def end(process: subprocess.Popen[str]) -> tuple[int, dict[str, Any], str]:
    out, said = process.communicate(timeout=120)
    return process.returncode, json.loads(out or "{}"), said


def states(found: dict[str, Any]) -> dict[str, str]:
    return {file["name"]: file["state"] for file in found["files"]}


def test_a_cluster_from_the_first_picture_to_the_loss_of_its_scheduler(folders: Folders, cluster: Cluster) -> None:
    names = [f"{letter}.png" for letter in "abcdef"]
    for name in names:
        folders.add(name)
    folders.add("broken.jpg").write_bytes(b"no picture")

    # A worker is killed on the way: its pictures are done all the same, and what fails comes back as a sentence.
    batch = begin(folders, "--scheduler", cluster.address)
    assert "[1/7]" in first_line(batch)
    kill(cluster.workers[0])
    status, found, said = end(batch)
    assert (status, found["done"], found["failed"], found["workers"]) == (1, 6, 1, 2), said
    assert found["model"] == "patch-fill"
    assert "is a text file" in next(file["message"] for file in found["files"] if file["state"] == "failed")
    assert all(line.startswith("[") for line in said.splitlines()), said  # nothing of Dask's own
    for name in names:
        before, after = (read_picture(folder / name).pixels for folder in (folders.pictures, folders.results))
        assert np.array_equal(before[:20], after[:20])
        assert np.abs(before[HOLE].astype(int) - after[HOLE]).mean() > 40

    # What was done there is known here.
    status, found, said = end(begin(folders, "--resume"))
    assert (status, found["skipped"]) == (1, 6), said

    # The scheduler is killed on the way, however quick the workers are.
    for number in range(60):
        folders.add(f"{number}.png")
    batch = begin(folders, "--scheduler", cluster.address, "--seed", "5")
    first_line(batch)
    cluster.process.kill()
    status, found, said = end(batch)
    assert status == 1 and "connection to the scheduler" in found["stopped"], said
    assert "left" in states(found).values() and "done" in states(found).values()

    # And now there is none.
    status, found, said = end(begin(folders, "--scheduler", cluster.address, "--resume"))
    assert status == 2 and said.startswith("moebius: No scheduler answers at") and len(said.splitlines()) == 1


def test_what_the_workers_can_not_do_is_said_at_once(folders: Folders, cluster: Cluster) -> None:
    folders.add("a.png")
    status, _, said = end(begin(folders, "--scheduler", cluster.address, "--model", "not-there"))
    assert status == 2 and "can't begin: There is no model" in said and len(said.splitlines()) == 1
    status, _, said = end(begin(folders, "--scheduler", "nonsense://nowhere"))
    assert status == 2 and "no address of a scheduler" in said and len(said.splitlines()) == 1
