"""``python -m app``: the headless commands. Also the command ``moebius`` of the packaged program."""

import multiprocessing
import sys

from app.cli import main

if __name__ == "__main__":
    multiprocessing.freeze_support()
    sys.exit(main())
