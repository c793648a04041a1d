"""``python -m app``: the headless commands, or the window where none is given."""

import sys

from app.cli import main

if __name__ == "__main__":
    sys.exit(main())
