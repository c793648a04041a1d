"""``moebius selftest``: look at everything the program needs, and print a report to attach to a bug."""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import getpass
import json
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.installation import Check

ATTACH = "Attach this report to a bug."
_CASE = re.IGNORECASE if sys.platform == "win32" else re.NOFLAG  # of paths


@dataclass(frozen=True)
class Finding:
    """What one look gave."""

    name: str
    ok: bool
    text: str
    advice: str  # what to do; empty where all is well
    seconds: float


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command ``selftest``."""
    examples = "examples:\n  moebius selftest\n  moebius selftest --json > report.json\n"
    parser = commands.add_parser("selftest", help="check this installation", description=run.__doc__, epilog=examples)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> int:
    """Check this installation and print a report to attach to a bug; exit status 0 where all is well, else 1."""
    with contextlib.suppress(OSError, ValueError, AttributeError):  # no stream to write to
        faulthandler.enable()  # a processor or a library that can't do it ends the program without a word
    from app import installation  # here, as other commands do without

    found = []
    for finding in findings(installation.checks()):
        found.append(finding)
        if not options.json:
            print(_lines(finding), flush=True)
    failed = sum(not finding.ok for finding in found)
    if options.json:
        print(json.dumps({"ok": not failed, "findings": [asdict(finding) for finding in found]}))
    elif failed:
        print(f"\n{failed} of {len(found)} checks failed; what to do stands below each.")
    else:
        print(f"\nAll {len(found)} checks passed.")
    return 1 if failed else 0


def findings(checks: Iterable[tuple[str, Check]]) -> Iterator[Finding]:
    """Run the checks one by one; whatever one of them raises becomes its finding."""
    from app.installation import Fault

    for name, check in checks:
        start = time.perf_counter()
        ok, advice = True, ""
        try:
            text = check()
        except Fault as fault:
            ok, text, advice = False, str(fault), fault.advice
        except Exception as error:  # a check that can't end is a finding too
            ok, text, advice = False, f"{type(error).__name__}: {error}", ATTACH
        seconds = round(time.perf_counter() - start, 3)
        yield Finding(name, ok, impersonal(text), impersonal(advice), seconds)


def _lines(finding: Finding) -> str:
    line = f"{'ok' if finding.ok else 'FAILED':7} {finding.name:18} {finding.text}"
    return f"{line}\n{'':26} -> {finding.advice}" if finding.advice else line


def impersonal(text: str) -> str:
    """``text`` on one line, with neither the user's home nor the user's name in it."""
    text = " ".join(text.split())
    with contextlib.suppress(RuntimeError, OSError):  # a user without a home
        home = Path.home()
        for path in {str(home), os.path.realpath(home)} - {os.sep}:
            text = re.sub(rf"{re.escape(path)}(?![\w.-])", "~", text, flags=_CASE)
    with contextlib.suppress(Exception):  # a user without a name: every system says so in its own way
        user = re.escape(getpass.getuser())
        text = re.sub(rf"(?<=[/\\]){user}(?=[/\\]|\W|$)", "USER", text, flags=_CASE)
    return text
