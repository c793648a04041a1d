"""Options that several commands have in common."""

from __future__ import annotations

import argparse
from typing import Any

from app.batch.options import Options, located

Commands = argparse._SubParsersAction  # what parsers of sub-commands are added to

_PRECISION = "auto, quick, fp32, bf16, fp16 or int8; auto is exact on a processor, quick the quickest there is"
SPEEDS = ("fast", "balanced", "best")  # written out: reading them where they are defined makes --help slow


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as for any bad input, and keeps the lines of examples."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"formatter_class": argparse.RawDescriptionHelpFormatter, **options})

    def error(self, message: str) -> Any:
        self.exit(2, f"{self.prog}: {' '.join(message.split())[:400]} (see {self.prog} --help)\n")


def quality(text: str) -> int:
    """A quality of 1 to 100."""
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError(f"quality must be 1 to 100, not {text}")
    return int(text)


def add_device_options(parser: argparse.ArgumentParser) -> None:
    """Where and how exactly is calculated."""
    parser.add_argument("--device", default="auto", metavar="D", help="auto, cpu, cuda, mps or xpu")
    parser.add_argument("--precision", default="auto", metavar="P", help=_PRECISION)


def add_speed_option(parser: argparse.ArgumentParser) -> None:
    """Settings chosen by one word."""
    text = "fast, balanced or best: what the model's preset of that name says, where no number below does"
    parser.add_argument("--speed", choices=SPEEDS, help=text)


def add_erase_options(parser: argparse.ArgumentParser) -> None:
    """All that can be chosen of an erase."""
    parser.add_argument(
        "--model", default="moebius-nano", metavar="M", help="a name that `moebius models` lists, or a folder"
    )
    add_speed_option(parser)
    parser.add_argument("--steps", type=int, metavar="N", help="how many are run (model's default)")
    parser.add_argument("--guidance", type=float, metavar="G", help="1: one branch only (model's default)")
    parser.add_argument("--strength", type=float, metavar="X", help="how far towards noise it starts, above 0 to 1")
    parser.add_argument("--solver", metavar="NAME", help="ddim, dpm++ or unipc (model's default)")
    parser.add_argument("--guidance-until", type=float, metavar="X", help="share of the steps that are guided, 0 to 1")
    text = "deep features are computed at one of N steps only: quicker, where the model can (1)"
    parser.add_argument("--deep-every", type=int, metavar="N", help=text)
    parser.add_argument("--context", type=int, metavar="PX", help="side the model works at: 256 and 384 are quicker")
    parser.add_argument("--colour", metavar="NAME", help="membrane, offset, gain, released or none (model's default)")
    parser.add_argument(
        "--start",
        metavar="NAME",
        help="of the published models: noise, or published, from the picture as their authors do (noise)",
    )
    parser.add_argument("--exact-mask", action="store_true", default=None, help="change nothing beyond the mask")
    text = "whether what of a thing lies a few pixels beside the mask goes too (it does, unless the mask is exact)"
    parser.add_argument("--cover-traces", action=argparse.BooleanOptionalAction, default=None, help=text)
    text = "whether a patch fill first continues the edges that a hole interrupts (it does)"
    parser.add_argument("--continue-edges", action=argparse.BooleanOptionalAction, default=None, help=text)
    text = "another way to fill: 1 larger patches, 2 edges not continued, 3 smaller patches (0, the model's own)"
    parser.add_argument("--variant", type=int, metavar="N", help=text)
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="the same one gives the same pixels (0)")
    add_device_options(parser)
    text = "of JPEG, WebP and AVIF, 1 to 100 (like the original)"
    parser.add_argument("--quality", type=quality, metavar="Q", help=text)


def erase_options(given: argparse.Namespace) -> Options:
    """What was chosen with :func:`add_erase_options`."""
    names = ("device", "precision", "steps", "guidance", "strength", "solver", "guidance_until", "context", "colour")
    others = (
        "deep_every",
        "start",
        "exact_mask",
        "cover_traces",
        "continue_edges",
        "variant",
        "seed",
        "quality",
        "speed",
    )
    values = {name: getattr(given, name) for name in (*names, *others)}
    values["previews"] = getattr(given, "preview_decoder", None)
    return Options(model=located(given.model), resize_masks=getattr(given, "resize_masks", False), **values)
