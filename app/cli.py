"""Headless commands over the same document and pipeline as the window.

Exit status: 0 where it worked, 1 where ``selftest`` found a fault, 2 for bad usage or bad input (one line on stderr),
130 when interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app import selftest
from app.document.errors import DocumentError

# What takes time to import is imported where it is used: help comes at once, and Ctrl+C is met by main.


_PRECISION = "auto, fp32, bf16, fp16 or int8; auto is exact on a processor"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        """One line, as for any bad input."""
        self.exit(2, f"{self.prog}: {' '.join(message.split())[:400]} (see {self.prog} --help)\n")


def _quality(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError(f"quality must be 1 to 100, not {text}")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="moebius", description="Erase things from photographs.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    erase = commands.add_parser("erase", help="erase what a mask covers", description=_erase.__doc__)
    erase.add_argument("image", type=Path, metavar="IMAGE")
    erase.add_argument("mask", type=Path, metavar="MASK", help="white where to erase; the picture's size")
    erase.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help="format by its suffix")
    erase.add_argument("--model", default="moebius-nano", metavar="M", help="a bundled model or a folder")
    erase.add_argument("--steps", type=int, metavar="N", help="how many are run (model's default)")
    erase.add_argument("--guidance", type=float, metavar="G", help="1: one branch only (model's default)")
    erase.add_argument("--strength", type=float, metavar="X", help="how far towards noise it starts, above 0 to 1")
    erase.add_argument("--solver", metavar="NAME", help="ddim, dpm++ or unipc (model's default)")
    erase.add_argument("--guidance-until", type=float, metavar="X", help="share of the steps that are guided, 0 to 1")
    erase.add_argument("--context", type=int, metavar="PX", help="side the model works at: 256 and 384 are quicker")
    erase.add_argument("--colour", metavar="NAME", help="membrane, offset, gain, released or none (model's default)")
    erase.add_argument("--seed", type=int, default=0, metavar="S")
    erase.add_argument("--device", default="auto", metavar="D", help="auto, cpu, cuda, mps or xpu")
    erase.add_argument("--precision", default="auto", metavar="P", help=_PRECISION)
    erase.add_argument("--previews", type=Path, metavar="DIR", help="write every preview here as PNG")
    erase.add_argument("--quality", type=_quality, metavar="Q", help="of JPEG, WebP and AVIF, 1 to 100 (as IMAGE)")
    erase.add_argument("--json", action="store_true", help="print one line of figures")
    bench = commands.add_parser("bench", help="measure the models on this machine", description=_bench.__doc__)
    bench.add_argument("--models", nargs="+", metavar="M", help="bundled models or folders (all that are bundled)")
    bench.add_argument("--size", type=int, default=512, metavar="PX", help="of the picture erased from (512)")
    bench.add_argument("--steps", type=int, metavar="N", help="that are run (model's default)")
    bench.add_argument("--device", default="auto", metavar="D", help="auto, cpu, cuda, mps or xpu")
    bench.add_argument("--precision", default="auto", metavar="P", help=_PRECISION)
    bench.add_argument("--json", action="store_true", help="print one JSON object")
    selftest.add_parser(commands)
    return parser


def _check_output(path: Path) -> None:
    from app.document.formats import format_of

    format_of(path)
    if not path.parent.is_dir():
        raise DocumentError(f'The folder "{path.parent}" does not exist.')
    if path.is_dir():
        raise DocumentError(f'"{path}" is a folder; name the file to write.')
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise DocumentError(f'There is no permission to write "{path}".')


def _erase(options: argparse.Namespace) -> int:
    """Erase what MASK covers from IMAGE and write the result to OUT."""
    import numpy as np

    from app.document.colour import seen_rgb
    from app.document.compose import put_in, wants_fine
    from app.document.formats import read_mask, read_picture, write_picture

    picture = read_picture(options.image)
    mask = read_mask(options.mask, size=(picture.width, picture.height))
    if mask.max() == 1:  # a mask of 0 and 1, as arrays of truth values are often saved
        mask *= 255
    _check_output(options.output)  # before the work, not after it
    if options.previews is not None:
        options.previews.mkdir(parents=True, exist_ok=True)

    start = time.perf_counter()
    from inference import ErasePipeline
    from inference.memory import keep_freed_memory, peak_rss_mb

    keep_freed_memory()
    pipeline = ErasePipeline.load(options.model, options.device, precision=options.precision)
    load_seconds = time.perf_counter() - start
    rgb = seen_rgb(picture)
    shown = rgb.copy() if options.previews is not None else rgb
    steps: list[float] = []
    done = drawn = 0
    last = start = time.perf_counter()

    def on_step(step: int, total: int, preview: Any) -> None:
        nonlocal last, done, drawn
        now = time.perf_counter()
        if step > done:  # a draft, the first of a region, is no step
            steps.append(round(now - last, 4))
            done = step
        if options.previews is not None:
            x0, y0, x1, y1 = preview.box
            shown[y0:y1, x0:x1] = preview.rgb
            _write_preview(shown, options.previews / f"preview-{drawn:03d}.png")
            drawn += 1
        if not options.json and sys.stderr.isatty():
            print(f"\rstep {step} of {total}", end="\n" if step == total else "", file=sys.stderr, flush=True)
        last = time.perf_counter()

    parts = pipeline.erase_parts(
        rgb,
        mask,
        steps=options.steps,
        guidance=options.guidance,
        strength=options.strength,
        solver=options.solver,
        guidance_until=options.guidance_until,
        context=options.context,
        colour=options.colour,
        seed=options.seed,
        fine=wants_fine(picture),
        on_step=on_step,
    )
    put_in(picture, parts)
    seconds = time.perf_counter() - start
    write_picture(picture, options.output, quality=options.quality)
    if options.json:
        figures = {
            "seconds": round(seconds, 4),
            "load_seconds": round(load_seconds, 4),
            "step_seconds": steps,
            "peak_rss_mb": round(peak_rss_mb(), 1),
            "regions": len(parts),
            "model": pipeline.folder.name,
            "device": pipeline.device.type,
            "precision": pipeline.precision,
            "output": str(options.output),
            "note": picture.note,
        }
        print(json.dumps(figures))
    else:
        where = f"{pipeline.device.type}, {pipeline.precision}"
        print(f"Wrote {options.output} ({seconds:.1f} s, {pipeline.folder.title}, {where}).")
        if picture.note:
            print(picture.note)
    return 0


def _bench(options: argparse.Namespace) -> int:
    """Measure what models cost on this machine, beside the figures published for their kind."""
    from inference.bench import PUBLISHED_ROWS, as_json, as_table, machine, measure
    from inference.catalogue import PATCH_FILL, bundled_models
    from inference.errors import InputError
    from inference.memory import keep_freed_memory

    if not 64 <= options.size <= 8192:
        raise InputError(f"The size must be between 64 and 8192 pixels, not {options.size}.")
    keep_freed_memory()
    rows = []
    for model in options.models or [PATCH_FILL, *bundled_models()]:
        print(f"measuring {model} ...", file=sys.stderr, flush=True)
        chosen = {"device": options.device, "precision": options.precision, "steps": options.steps}
        rows.append(measure(model, size=options.size, **chosen))
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


def _write_preview(rgb: Any, path: Path) -> None:
    from app.document.formats import write_picture
    from app.document.picture import Picture

    write_picture(Picture(rgb), path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a headless command; returns the exit status."""
    options = _parser().parse_args(arguments)
    from inference.errors import InferenceError, out_of_memory

    try:
        return {"erase": _erase, "bench": _bench, "selftest": selftest.run}[options.command](options)
    except (DocumentError, InferenceError) as error:
        print(f"moebius: {' '.join(str(error).split())}", file=sys.stderr)
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
        return 130
