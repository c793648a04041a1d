"""``python -m app``: the headless commands. Also the command ``moebius`` of the packaged program."""

import multiprocessing

from app.cli import main
from app.cli.process import run_as_process


def run() -> None:
    """The command ``moebius``."""
    run_as_process(main)


if __name__ == "__main__":
    multiprocessing.freeze_support()
    run()
