"""Entry point of the window."""

from __future__ import annotations

import multiprocessing
import sys


def main() -> int:
    """Open the window with the files named on the command line; returns the exit status."""
    multiprocessing.freeze_support()
    from app.engine.worker import preload_for_platform

    preload_for_platform()
    from app.ui.window import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
