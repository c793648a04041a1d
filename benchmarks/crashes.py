"""Kills the program at random moments while it is used, and looks at what the next start brings back.

    python benchmarks/crashes.py [--kills 50] [--interval 5] [--big 24] [--seed 0]

The real window runs offscreen with a scripted engine in a process of its own: random strokes, erases, changes of the
whole mask, undo, redo, session files saved. It is killed with SIGKILL at a random moment, or as soon as a file is seen
being written. The next start must offer what was not saved; restored, it must be, byte by byte, a state there was, and
no edit older than the interval and 5 s may be missing. Every fifth round has a picture of ``--big`` megapixels. Prints
one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.document.errors import DocumentError
from app.document.session import open_session

_ROUND = 5  # kills with one picture, each after what the one before has left
_MARGIN = 5.0  # s
_START = 60.0  # s a start may take on a busy machine


@dataclass(frozen=True)
class Seen:
    """A line of what the child has noted: the state it was in."""

    time: float
    what: str  # "restored", "opened", "edit", "saved"
    state: str


def seen(log: Path) -> list[Seen]:
    lines = log.read_text().splitlines() if log.exists() else []
    return [Seen(float(moment), what, state) for moment, what, state in (line.split(" ", 2) for line in lines)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--interval", type=int, default=5, help="seconds between autosaves")
    parser.add_argument("--big", type=float, default=24.0, help="megapixels of every fifth picture")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    lost: list[float] = []
    failures: list[str] = []
    counts = {"in_a_write": 0, "restored": 0, "nothing_unsaved": 0, "session_files_read": 0, "big": 0}
    kill, edits = 0, 0
    while kill < options.kills:
        root = Path(tempfile.mkdtemp(prefix="crashes-"))
        megapixels = options.big if kill // _ROUND % 5 == 1 else 0.3
        before: list[Seen] = []
        killed = 0.0
        for number in range(_ROUND + 1):
            log = root / f"log-{number}"
            child = start(root, log, chance.randrange(10**6), megapixels, options.interval)
            first = wait_for_first(log, child)
            if number:
                age, problem = judge(before, killed, first)
                counts["restored" if first.what == "restored" else "nothing_unsaved"] += 1
                lost.append(age)
                if age > options.interval + _MARGIN:
                    problem = f"an edit {age:.1f} s old was lost"
                if problem:
                    failures.append(f"kill {kill}: {problem} ({root})")
                counts["session_files_read"] += read_session(root, failures, kill)
            last = number == _ROUND or kill == options.kills
            if not last:
                time.sleep(chance.uniform(0.2, 2.5 * options.interval))
                if chance.random() < 0.5:
                    counts["in_a_write"] += wait_for_write(root, 2.0 * options.interval)
                kill += 1
                counts["big"] += megapixels > 1
            killed = time.time()
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
            before = seen(log)
            edits += sum(entry.what == "edit" for entry in before)
            if last:
                break
        if not any(str(root) in failure for failure in failures):
            shutil.rmtree(root, ignore_errors=True)
        print(f"{kill} kills, {len(failures)} failures", file=sys.stderr, flush=True)
    answer: dict[str, Any] = {
        "load": os.getloadavg(),
        "kills": kill,
        "interval_s": options.interval,
        **counts,
        "edits": edits,
        "oldest_edit_lost_s": round(max(lost), 2),
        "median_lost_s": round(sorted(lost)[len(lost) // 2], 2),
        "limit_s": options.interval + _MARGIN,
        "failures": failures,
    }
    print(json.dumps(answer, indent=1))


def start(root: Path, log: Path, seed: int, megapixels: float, interval: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "HOME": str(root)}
    environment |= {f"XDG_{name}_HOME": str(root / name.lower()) for name in ("CONFIG", "DATA", "CACHE", "STATE")}
    command = [sys.executable, "-m", "benchmarks.crashing", str(root), str(log)]
    command += [str(seed), str(megapixels), str(interval)]
    return subprocess.Popen(command, env=environment, cwd=Path(__file__).resolve().parents[1])


def wait_for_first(log: Path, child: subprocess.Popen[bytes]) -> Seen:
    end = time.monotonic() + _START
    while time.monotonic() < end:
        if child.poll() is not None:
            raise SystemExit(f"the program ended by itself: {child.returncode}")
        if entries := seen_safely(log):
            return entries[0]
        time.sleep(0.05)
    raise SystemExit("the program did not start")


def seen_safely(log: Path) -> list[Seen]:
    try:
        return seen(log)
    except ValueError:  # half a line
        return []


def wait_for_write(root: Path, seconds: float) -> bool:
    """Return as soon as a file is being written; whether one was."""
    end = time.monotonic() + seconds
    folder = root / "data" / "moebius" / "unsaved"
    while time.monotonic() < end:
        for place in (*folder.glob("*"), *folder.glob("*/edits"), root):
            try:
                if any(entry.name.endswith(".part") for entry in os.scandir(place)):
                    return True
            except OSError:
                continue
        time.sleep(0.001)
    return False


def judge(before: list[Seen], killed: float, first: Seen) -> tuple[float, str]:
    """How old the oldest edit was that is not there any more, and what is wrong."""
    states = [entry for entry in before if entry.what != "saved"]
    if first.what == "opened":  # nothing was offered: right where nothing was unsaved
        kept = [entry for entry in before if entry.what in ("saved", "opened")]
        later = [
            entry for entry in states if not kept or (entry.time > kept[-1].time and entry.state != kept[-1].state)
        ]
        return (killed - later[0].time if later else 0.0), ""
    same = [index for index, entry in enumerate(states) if entry.state == first.state]
    if not same:
        return 0.0, "what was restored has never been there"
    later = states[same[-1] + 1 :]
    return (killed - later[0].time if later else 0.0), ""


def read_session(root: Path, failures: list[str], kill: int) -> int:
    """The session file, whenever one was written, can be read."""
    path = root / "work.moebius"
    if not path.exists():
        return 0
    try:
        loaded = open_session(path, root / "looked")
    except DocumentError as error:
        failures.append(f"kill {kill}: {error} ({root})")
        return 0
    if loaded.note:
        failures.append(f"kill {kill}: {loaded.note} ({root})")
    loaded.journal.close()
    return 1


if __name__ == "__main__":
    main()
