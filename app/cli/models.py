"""``moebius models``: which models there are, and how to get and keep them."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.line import Line
from app.cli.options import Commands, Parser
from app.cli.process import INTERRUPTED

if TYPE_CHECKING:
    from inference.hub import KnownModel, Stop

_EXAMPLES = """\
examples:
  moebius models                                   which there are
  moebius models download moebius-ft_places2       Ctrl+C pauses, the same command goes on
  moebius models download moebius-ft_places2 --mirror https://hf-mirror.example
  moebius models import /media/stick/ft_places2    with the folder vae beside it, or installed
  moebius models verify                            all that are installed
  moebius models remove moebius-ft_places2

Only `download` uses the network. HF_ENDPOINT, HTTPS_PROXY and HF_TOKEN are honoured.
"""


def add_parser(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add the command ``models``."""
    text = "list, download, import, verify and remove models"
    parser = commands.add_parser("models", help=text, description=run.__doc__, epilog=_EXAMPLES)
    parser.set_defaults(act=_list)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    acts = parser.add_subparsers(parser_class=Parser, metavar="ACTION")

    def add(name: str, act: Callable[[argparse.Namespace], int], text: str, example: str) -> argparse.ArgumentParser:
        action = acts.add_parser(name, help=text, description=act.__doc__, epilog=f"example:\n  {example}\n")
        action.set_defaults(act=act)
        # Before or after the action: what is not given here must not undo what is given there.
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON object")
        return action

    add("list", _list, "which there are (also without any action)", "moebius models list --json")
    fetch = add("download", _download, "fetch a model", "moebius models download moebius-ft_places2")
    fetch.add_argument("name", metavar="NAME")
    fetch.add_argument("--mirror", default="", metavar="URL", help="in the place of huggingface.co or HF_ENDPOINT")
    fetch.add_argument("--proxy", default="", metavar="URL", help="such as http://host:port or socks5://host:port")
    fetch.add_argument(
        "--accept-licence", action="store_true", help="do not ask about a licence that forbids some uses"
    )
    take = add("import", _import, "take in a file or folder", "moebius models import /media/stick/ft_places2")
    take.add_argument("path", type=Path, metavar="PATH", help="a checkpoint, its folder, or the folder vae")
    check = add("verify", _verify, "compare files with their sums", "moebius models verify moebius-nano")
    check.add_argument("names", nargs="*", metavar="NAME", help="(all that are installed)")
    gone = add(
        "remove", _remove, "delete a model, or what was begun of one", "moebius models remove moebius-ft_places2"
    )
    gone.add_argument("name", metavar="NAME")


def run(given: argparse.Namespace) -> int:
    """List, download, import, verify and remove models. Without an action: list them."""
    act: Callable[[argparse.Namespace], int] = given.act
    return act(given)


def _list(given: argparse.Namespace) -> int:
    """List what is installed, what was begun, and what can be downloaded; uses no network."""
    from app.cli.model_list import as_json, as_text
    from app.engine.downloads import models_folder, survey

    found = survey()
    if given.json:
        print(json.dumps(as_json(found, models_folder())))
    else:
        print("\n".join(as_text(found, models_folder())))
    return 0


def _download(given: argparse.Namespace) -> int:
    """Fetch a model, check it and take it in. Ctrl+C pauses; the same command goes on, also after a lost connection."""
    from inference.errors import ModelError, NoRoomError
    from inference.hub import Network, Stopped, download
    from inference.models import forget_download

    known = _known(given.name)
    if _is_here(known):
        return _done(given, f"{known.title} is installed already.", name=known.name)
    if known.gated and not given.accept_licence and not _accepted(known):
        return 2
    line, network = Line(), Network(given.mirror, given.proxy)
    meter = _Meter(line)
    with _pausing() as stop:
        try:
            folder = download(known, network, stop, meter.tell)
        except Stopped:
            line.clear()
            print(f"Paused{meter.arrived()}. The same command goes on from there.", file=sys.stderr)
            return INTERRUPTED
        finally:
            line.clear()
    from inference.hub import install_download

    line.say("All has arrived. Reading and checking it; this may take a minute.")
    try:
        taken = install_download(known, folder)
    except ModelError as error:
        if not isinstance(error, NoRoomError):  # what has arrived is of no use
            forget_download(known.name)
        raise
    usage = f": --model {taken.name}" if taken.name else ", and draws the steps of the published models from now on"
    return _done(given, f"{taken.title} is installed{usage}", name=known.name)


def _import(given: argparse.Namespace) -> int:
    """Take in a model from this machine; the file or folder stays as it is. Pickles are read without running code."""
    from inference.hub import import_model

    Line().say(f"Reading and checking {given.path}; this may take a minute.")
    taken = import_model(given.path.expanduser())
    usage = f": --model {taken.name}" if taken.name else ""
    return _done(given, f"{taken.title} is installed{usage}", name=taken.name)


def _verify(given: argparse.Namespace) -> int:
    """Compare the files of installed models with their SHA-256 sums; exit status 1 where they differ."""
    from inference.errors import ModelError
    from inference.hub import damaged_files
    from inference.models import PREVIEW_DECODER, bundled_models, installed_models, installed_path

    line, findings = Line(), []
    extra = [PREVIEW_DECODER] if installed_path(PREVIEW_DECODER) is not None else []
    for name in given.names or [*bundled_models(), *installed_models(), *extra]:

        def tell(done: int, total: int, name: str = name) -> None:
            line.show(f"{name}: {100 * done // max(total, 1)}%")

        try:
            damaged, reason = damaged_files(name, on_bytes=tell), ""
        except ModelError as error:
            if given.names:
                raise
            damaged, reason = [], str(error)
        line.clear()
        findings.append({"name": name, "ok": not damaged and not reason, "damaged": damaged, "reason": reason})
        if not given.json:
            said = reason or f"damaged: {', '.join(damaged)}; {_again(name)}"
            print(f"{name}: {said if damaged or reason else 'as it should be'}")
    if given.json:
        print(json.dumps({"models": findings}))
    return 0 if all(finding["ok"] for finding in findings) else 1


def _remove(given: argparse.Namespace) -> int:
    """Delete an installed model, or what has arrived of one whose download was begun."""
    from inference.errors import ModelError
    from inference.hub import unfinished_downloads
    from inference.models import bundled_models, forget_download, installed_path, remove_model

    if installed_path(given.name) is not None:
        remove_model(given.name)
    elif any(begun.model.name == given.name for begun in unfinished_downloads()):
        forget_download(given.name)
    elif given.name in bundled_models():
        raise ModelError(f"{given.name} comes with the program and can't be removed.")
    else:
        raise ModelError(f"There is no installed model {given.name!r} to remove; see: moebius models")
    return _done(given, f"{given.name} is removed.", name=given.name)


# -- helpers -------------------------------------------------------------------------------


class _Meter:
    """Shows how far a download is: in place on a terminal, else a line for every tenth."""

    def __init__(self, line: Line) -> None:
        self._line, self._tenth, self._text = line, -1, ""

    def tell(self, progress: Any) -> None:
        """A piece has arrived."""
        from app.engine.formatting import progress_text

        self._text = progress_text(progress)
        if self._line.live:
            self._line.show(self._text if progress.trouble else f"{self._text} · {progress.doing}")
            return
        if progress.trouble:
            self._line.say(self._text)
        tenth = 10 * progress.arrived // max(progress.total, 1)
        if tenth > self._tenth:
            self._line.say(self._text)
            self._tenth = tenth

    def arrived(self) -> str:
        """What to say of it at a pause."""
        return f" at {self._text.partition(' · ')[0]}" if self._text else ""


@contextmanager
def _pausing() -> Iterator[Stop]:
    """Ctrl+C asks to stop within this context; a second one interrupts as ever."""
    from inference.hub import Stop

    stop = Stop()

    def on_signal(_kind: int, _frame: object) -> None:
        if stop.asked:
            raise KeyboardInterrupt
        stop.ask()

    kept = signal.signal(signal.SIGINT, on_signal)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, kept)


def _known(name: str) -> KnownModel:
    from inference.errors import ModelError
    from inference.hub import CATALOGUE, known_model

    known = known_model(name)
    if known is None:
        names = ", ".join(model.name for model in CATALOGUE if model.parts)
        raise ModelError(f"There is no model {name!r} to download; there are: {names}.")
    return known


def _is_here(known: KnownModel) -> bool:
    from inference.models import installed_path

    return not known.parts or installed_path(known.name) is not None


def _accepted(known: KnownModel) -> bool:
    """Whether the user agrees to a licence, shown now."""
    print(f"{known.title} comes under the {known.licence}:\n{known.licence_url}\n{known.limits}", file=sys.stderr)
    if not sys.stdin.isatty():
        print("Nothing was fetched. Add --accept-licence where you agree to it.", file=sys.stderr)
        return False
    print("Download it under this licence? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _again(name: str) -> str:
    from inference.models import bundled_models

    return "install the program again" if name in bundled_models() else "remove it and fetch it again"


def _done(given: argparse.Namespace, text: str, **values: Any) -> int:
    print(json.dumps({"ok": True, **values, "message": text}) if given.json else text)
    return 0
