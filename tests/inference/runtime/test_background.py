"""Work on another thread: its result, its failure, given up, and the end of the program."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from inference.errors import Cancelled
from inference.runtime import Background, Check, both, never, stopped_by


def test_the_result_is_waited_for() -> None:
    go = threading.Event()

    def make(check: Check) -> str:
        assert go.wait(10)
        return threading.current_thread().name

    work, looks = Background(make, "making"), list[int]()

    def check() -> None:
        looks.append(1)
        if len(looks) == 2:
            go.set()

    assert work.result(check) == "making"
    assert len(looks) >= 2
    assert work.result(never) == "making", "it stays"


def test_it_fails_where_it_is_waited_for_and_where_it_is_looked_at() -> None:
    def make(check: Check) -> None:
        raise ValueError("no such thing")

    work = Background(make, "failing")
    with pytest.raises(ValueError, match="no such thing"):
        work.result(never)
    with pytest.raises(ValueError, match="no such thing"):
        work.check()


def test_it_learns_that_nobody_wants_it_any_more() -> None:
    begun = threading.Event()

    def make(check: Check) -> None:
        begun.set()
        while True:
            check()

    def stop() -> None:
        if begun.is_set():
            raise Cancelled

    work = Background(make, "endless")
    with pytest.raises(Cancelled):
        work.result(stop)
    work.check()  # still going
    work.give_up()
    with pytest.raises(Cancelled):
        work.result(never)


ENDLESS = """
from inference.runtime import Background
def make(check):
    print("begun", flush=True)
    while True:
        check()
Background(make, "endless")
raise SystemExit(3)
"""


def test_the_programs_end_ends_it() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", ENDLESS], cwd=Path(__file__).parents[3], capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 3, ran.stderr


def test_checks_of_two() -> None:
    flags = {"first": False, "second": False}
    check = both(stopped_by(lambda: flags["first"]), stopped_by(lambda: flags["second"]))
    check()
    for name in flags:
        flags[name] = True
        with pytest.raises(Cancelled):
            check()
        flags[name] = False
    stopped_by(None)()
