"""A command as a process: its exit status, and that neither Ctrl+C nor an error waits for a model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "resources" / "samples" / "rocket"


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


STATUS = """
import gc, sys
from app.cli.process import run_as_process
def command():
    print(gc.get_threshold()[0] > 1000 and gc.isenabled())
    return 3
run_as_process(command)
"""


def test_the_exit_status_is_the_commands() -> None:
    ran = run(STATUS)
    assert (ran.returncode, ran.stdout, ran.stderr) == (3, "True\n", "")


INTERRUPTING = """
import signal, sys, threading
from app.cli import main
from app.cli.process import run_as_process
from inference.erase.jobs import RegionJob
from inference.models import loading

# Where tests run in the background of a shell, the signal is ignored, and so it is in what they start
signal.signal(signal.SIGINT, signal.default_int_handler)
begun = threading.Event()

def stuck(*arguments, **options):
    begun.set()
    threading.Event().wait()

def interrupted(self, report, check):
    begun.wait()
    signal.raise_signal(signal.SIGINT)

loading.load_model = stuck
RegionJob.sketch = interrupted
run_as_process(lambda: main(sys.argv[1:]))
"""


def test_ctrl_c_ends_it_at_once_while_a_model_is_loaded(tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    ran = run(INTERRUPTING, "erase", f"{SAMPLE}.jpg", f"{SAMPLE}-mask.png", "-o", str(out))
    assert ran.returncode == 130, ran.stderr
    assert ran.stderr == "moebius: interrupted, nothing was written\n"
    assert not out.exists()


def test_an_error_is_told_without_waiting_for_the_model(tmp_path: Path) -> None:
    with Image.open(f"{SAMPLE}.jpg") as picture:
        Image.new("L", picture.size).save(tmp_path / "empty.png")
    out = tmp_path / "out.png"
    ran = run(INTERRUPTING, "erase", f"{SAMPLE}.jpg", str(tmp_path / "empty.png"), "-o", str(out))
    assert ran.returncode == 2
    assert ran.stderr.startswith("moebius: Nothing to erase") and ran.stderr.count("\n") == 1
