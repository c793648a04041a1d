"""``moebius bench``: what the models cost on this machine."""

from __future__ import annotations

import argparse
import json
import sys

from app.cli.options import SPEEDS, Commands, add_device_options

_EXAMPLES = """\
examples:
  moebius bench
  moebius bench --models moebius-nano --size 1024 --json
  moebius bench --speed fast balanced best
"""


def add_parser(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add the command ``bench``."""
    text = "measure the models on this machine"
    parser = commands.add_parser("bench", help=text, description=run.__doc__, epilog=_EXAMPLES)
    parser.add_argument("--models", nargs="+", metavar="M", help="bundled models or folders (all that are bundled)")
    parser.add_argument("--size", type=int, default=512, metavar="PX", help="of the picture erased from (512)")
    parser.add_argument("--steps", type=int, metavar="N", help="that are run (model's default)")
    text = "measure with these presets; the window shows what they take"
    parser.add_argument("--speed", nargs="+", choices=SPEEDS, metavar="NAME", help=f"{', '.join(SPEEDS)}: {text}")
    add_device_options(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _speeds(model: str, wanted: list[str] | None) -> list[str | None]:
    """What is to be measured of a model: with the presets that are wanted, where it has any, else as it is."""
    from inference.errors import ModelError
    from inference.models import find_model, presets_of

    try:
        return [*wanted] if wanted and presets_of(find_model(model)) else [None]
    except ModelError:  # its row says why
        return [None]


def run(options: argparse.Namespace) -> int:
    """Measure what models cost on this machine, beside the figures published for their kind."""
    from inference.bench import PUBLISHED_ROWS, as_json, as_table, machine, measure
    from inference.errors import InputError
    from inference.models import PATCH_FILL, Timings, bundled_models
    from inference.runtime import keep_freed_memory

    if not 64 <= options.size <= 8192:
        raise InputError(f"The size must be between 64 and 8192 pixels, not {options.size}.")
    keep_freed_memory()
    rows, timings = [], Timings()
    for model in options.models or [PATCH_FILL, *bundled_models()]:
        print(f"measuring {model} ...", file=sys.stderr, flush=True)
        chosen = {"device": options.device, "precision": options.precision, "steps": options.steps}
        for speed in _speeds(model, options.speed):
            rows.append(measure(model, size=options.size, speed=speed, timings=timings, **chosen))
    rows.extend(PUBLISHED_ROWS)
    if options.json:
        print(json.dumps(as_json(rows, options.size)))
        return 0
    print(as_table(rows))
    here = machine()
    print(f"\nMeasured: {options.size} px picture, {here['system']}, {here['threads']} threads, torch {here['torch']}.")
    print("Published: Moebius paper (arXiv 2606.19195), 512 px on a GPU, total without encoding and decoding.")
    if here["not_measured"]:
        print(f"Not measured, as this machine has none: {', '.join(here['not_measured'])}.")
    return 0
