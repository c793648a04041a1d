"""``moebius batch``: a folder of pictures, a folder of masks."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.options import Commands, add_erase_options, erase_options
from app.document.errors import DocumentError

if TYPE_CHECKING:
    from app.batch.plan import Plan
    from app.batch.report import Report
    from app.batch.stopping import Stopping
    from app.cli.progress import Progress

_DESCRIPTION = """\
Erase from every picture of a folder what the mask of the same name covers. Each result keeps its
picture's name, format, depth, colour profile and metadata. Ctrl+C ends after the picture under way,
a second Ctrl+C at once; nothing half written is left. --resume goes on, also after a crash: pictures
whose result is there and whose picture, mask and options are the same are skipped.
"""
_EXAMPLES = """\
examples:
  moebius batch photos/ --masks masks/ -o erased/
  moebius batch photos/ --masks masks/ -o erased/ --recursive --resume
  moebius batch photos/ --masks masks/ -o erased/ --model moebius-ft_places2 --json > report.json
  moebius batch photos/ --masks masks/ -o erased/ --scheduler tcp://10.0.0.5:8786

exit status: 0 all done, 1 some failed (they are listed), 2 nothing could be begun, 130 interrupted
"""


def add_parser(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add the command ``batch``."""
    text = "erase from all pictures of a folder"
    parser = commands.add_parser("batch", help=text, description=_DESCRIPTION, epilog=_EXAMPLES)
    parser.add_argument(
        "pictures", type=Path, metavar="IN_DIR", help="the folder of pictures; nothing in it is changed"
    )
    text = "the folder of masks, white where to erase: photo.png, of any format, is for photo.jpg"
    parser.add_argument("--masks", type=Path, required=True, metavar="DIR", help=text)
    text = "the folder of results, made where it is missing"
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT_DIR", help=text)
    parser.add_argument("-r", "--recursive", action="store_true", help="folders inside too; results keep the tree")
    parser.add_argument("--resume", action="store_true", help="skip what an earlier run has done")
    parser.add_argument("--overwrite", action="store_true", help="replace files there that no batch has written")
    text = "fit masks of another size to their pictures, which are refused without this"
    parser.add_argument("--resize-masks", action="store_true", help=text)
    add_erase_options(parser)
    text = "hand the pictures to a running Dask cluster, such as tcp://HOST:8786"
    parser.add_argument("--scheduler", metavar="ADDRESS", help=text)
    parser.add_argument("--json", action="store_true", help="print a report as one JSON object")


def run(given: argparse.Namespace) -> int:
    """Do a whole batch."""
    from app.batch.plan import make_plan
    from app.batch.stopping import Stopping

    def say_wait() -> None:
        progress.say("Ending after what is under way; Ctrl+C again ends at once.")

    stop = Stopping(say_wait)
    with stop.caught():
        plan = make_plan(given.pictures, given.masks, given.output, recursive=given.recursive)
        if not plan.total:
            hint = "" if given.recursive else " Folders inside are looked into with --recursive."
            raise DocumentError(f'There are no pictures in "{given.pictures}".{hint}')
        from app.cli.progress import Progress

        progress = Progress(plan.total)
        report = _work(given, plan, stop, progress)
        progress.close()
    if given.json:
        print(json.dumps(report.as_json()))
    else:
        _print(report, plan, given.output)
    return report.status


def _work(given: argparse.Namespace, plan: Plan, stop: Stopping, progress: Progress) -> Report:
    from app.batch.cluster import ClusterCrew
    from app.batch.journal import Journal
    from app.batch.local import LocalCrew
    from app.batch.run import Batch

    options = erase_options(given)
    settings = options.fingerprint(elsewhere=given.scheduler is not None)
    with contextlib.ExitStack() as context:
        journal = context.enter_context(Journal(given.output))
        context.callback(progress.close)
        choices = {"resume": given.resume, "overwrite": given.overwrite}
        batch = Batch(plan, settings, journal, stop, progress, **choices)
        if given.scheduler is None:
            return batch.run(LocalCrew(options, stop, progress.step))
        return batch.run(context.enter_context(ClusterCrew(given.scheduler, options, stop)))


def _print(report: Report, plan: Plan, folder: Path) -> None:
    """The end of it, failures listed."""
    for outcome in report.outcomes:
        if outcome.note:
            print(f"{outcome.name}: {outcome.note}")
    counts = [f"{report.count('done')} done"]
    counts += [f"{report.count('skipped')} done before"] if report.count("skipped") else []
    counts += [f"{report.count('failed')} failed"] if report.failures else []
    counts += [f"{report.count('left')} not begun"] if report.count("left") else []
    print(f"{', '.join(counts)} of {plan.total} pictures in {report.seconds:.0f} s; results in {folder}")
    if plan.others:
        print(f"Left alone, as they are no pictures: {plan.others}.")
    if plan.unused:
        more = f" and {len(plan.unused) - 5} more" if len(plan.unused) > 5 else ""
        print(f"Masks without a picture: {', '.join(plan.unused[:5])}{more}.")
    if report.failures:
        print("Failed:")
    for outcome in report.failures:
        print(f"  {outcome.name}: {outcome.message}")
    if report.stopped:
        print(f"Stopped: {report.stopped}", file=sys.stderr)
    if report.interrupted:
        print("Interrupted; go on with --resume.", file=sys.stderr)
