"""Headless commands over the same document and pipeline as the window.

Exit status: 0 where it worked, 1 where some of it failed (``batch``, ``models verify``, ``selftest``), 2 for bad usage
or bad input (one line on stderr), 130 when interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
from collections.abc import Callable, Sequence
from typing import Any

from app import selftest
from app.batch.errors import BatchError
from app.cli import batch, bench, erase, models
from app.cli.options import Parser
from app.cli.process import INTERRUPTED
from app.document.errors import DocumentError

# What takes time to import is imported where it is used: help comes at once, and Ctrl+C is met by main.

_EXAMPLES = """\
examples:
  moebius erase photo.jpg mask.png -o erased.jpg
  moebius batch photos/ --masks masks/ -o erased/
  moebius models
  moebius COMMAND --help    more on each of them

The window is opened by moebius-gui.
"""


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "erase": erase.run,
    "batch": batch.run,
    "models": models.run,
    "bench": bench.run,
    "selftest": selftest.run,
}


class _Version(argparse.Action):
    def __init__(self, **given: Any) -> None:
        super().__init__(**{**given, "nargs": 0})

    def __call__(self, parser: argparse.ArgumentParser, *_given: Any) -> None:
        from app.version import program_version

        print(f"moebius {program_version() or 'of unknown version'}")
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="moebius", description="Erase things from photographs.", epilog=_EXAMPLES)
    parser.add_argument("--version", action=_Version, help="show program's version number and exit")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=Parser, metavar="COMMAND")
    for command in (erase, batch, models, bench, selftest):
        command.add_parser(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a headless command; returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names of files may hold what a terminal can't show
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    from inference.errors import InferenceError, out_of_memory

    try:
        return _COMMANDS[options.command](options)
    except (DocumentError, InferenceError, BatchError) as error:
        print(f"moebius: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # nobody reads on
        with contextlib.suppress(OSError):
            sys.stdout.close()
        return 2
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        print(f"moebius: {name}{error.strerror or error}", file=sys.stderr)
        return 2
    except Exception as error:
        if not out_of_memory(error):
            raise
        print("moebius: There was not enough memory to erase this; close other programs.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("moebius: interrupted, nothing was written", file=sys.stderr)
        return INTERRUPTED
