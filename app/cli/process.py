"""A command as a process of its own: begun and ended without work that is for nothing."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import threading
from collections.abc import Callable
from typing import NoReturn

INTERRUPTED = 130  # exit status


def run_as_process(command: Callable[[], int]) -> NoReturn:
    """Run ``command`` and end the process with the exit status it answers."""
    # Libraries make hundreds of thousands of objects that stay. Python would look through them for cycles again and
    # again while they are imported, and once more at the end: most of a second where torch is among them.
    gc.set_threshold(100_000, *gc.get_threshold()[1:])
    status = command()
    gc.freeze()
    if threading.active_count() > 1 and _is_loading():  # what it was for has failed, or was interrupted
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):  # nobody reads on
                stream.flush()
        os._exit(status)  # an import can't be stopped, and would be waited for
    sys.exit(status)


def _is_loading() -> bool:
    from inference.erase import LOADING

    return any(thread.name == LOADING for thread in threading.enumerate())
