"""``moebius erase``: one picture, one mask."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from app.cli.options import Commands, add_erase_options, erase_options

_EXAMPLES = """\
examples:
  moebius erase photo.jpg mask.png -o erased.jpg
  moebius erase scan.tif mask.png -o erased.tif --seed 7 --steps 30
  moebius erase photo.jpg mask.png -o erased.png --model patch-fill --json
  moebius erase photo.jpg mask.png -o erased.jpg --sample-area grass.png
"""


def add_parser(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add the command ``erase``."""
    text = "erase what a mask covers"
    parser = commands.add_parser("erase", help=text, description=run.__doc__, epilog=_EXAMPLES)
    parser.add_argument("image", type=Path, metavar="IMAGE")
    parser.add_argument("mask", type=Path, metavar="MASK", help="white where to erase; the picture's size")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT",
        help="format by its suffix; .ora and .psd hold the result as a layer over the original",
    )
    add_erase_options(parser)
    text = "white where the fill may copy from, black where never; the picture's size"
    parser.add_argument("--sample-area", type=Path, metavar="MASK", help=text)
    parser.add_argument("--previews", type=Path, metavar="DIR", help="write every preview here as PNG")
    text = "how they are drawn: exact, fast (by TAESDXL where it is installed) or fitted (fast)"
    parser.add_argument("--preview-decoder", metavar="NAME", help=text)
    parser.add_argument("--json", action="store_true", help="print one line of figures")


def run(given: argparse.Namespace) -> int:
    """Erase what MASK covers from IMAGE and write the result to OUT."""
    from app.batch.picture import erase
    from app.document.formats import (
        check_target,
        layered_kind,
        read_mask_with_notes,
        read_picture,
        told_by_saving,
        write_layers,
        write_picture,
    )
    from app.document.notes import sentences

    picture = read_picture(given.image)
    found = read_mask_with_notes(given.mask, picture.size, orientation=picture.orientation)
    mask, source, notes = found.values, None, (*picture.notes, *found.notes)
    if given.sample_area is not None:
        area = read_mask_with_notes(given.sample_area, picture.size, orientation=picture.orientation)
        source, notes = area.values, (*notes, *area.notes)
    layers = layered_kind(given.output)
    format = _check_output(given.output, layers)  # before the work, not after it
    check_target(picture, given.output)
    about_mask = sentences(notes[len(picture.notes) :])
    about_file = told_by_saving(picture, given.output.name, format) if layers is None else picture.note
    note = " ".join(filter(None, [about_file, about_mask]))
    if note:
        print(note, file=sys.stderr, flush=True)
    if given.previews is not None:
        given.previews.mkdir(parents=True, exist_ok=True)

    from app.batch.local import described, load
    from inference.runtime import peak_rss_mb

    options = erase_options(given)
    pipeline = load(options, meanwhile=True)  # one erase: its drafts are made while the model is read
    watch = _Watch(picture, given.previews, quiet=given.json)
    before = picture.pixels.copy() if layers is not None else picture.pixels
    regions = erase(picture, mask, pipeline, options, watch.on_step, source=source)
    seconds = watch.seconds
    if layers is None:
        write_picture(picture, given.output, quality=given.quality)
    else:
        write_layers(before, picture, given.output, layers)
    if given.json:
        figures = {
            "seconds": round(seconds, 4),
            "load_seconds": round(pipeline.load_seconds, 4),
            "step_seconds": watch.steps,
            "peak_rss_mb": round(peak_rss_mb(), 1),
            "regions": regions,
            **described(pipeline),
            "output": str(given.output),
            "note": note,
        }
        print(json.dumps(figures))
    else:
        where = f"{pipeline.device.type}, {pipeline.precision}"
        print(f"Wrote {given.output} ({seconds:.1f} s, {pipeline.folder.title}, {where}).")
    return 0


class _Watch:
    """Times the steps, and shows or writes them."""

    def __init__(self, picture: Any, previews: Path | None, *, quiet: bool) -> None:
        from app.document.pixels import srgb_pixels

        self._previews, self._shown = previews, srgb_pixels(picture) if previews is not None else None
        self._quiet = quiet or not sys.stderr.isatty()
        self._done = self._drawn = 0
        self._start = self._last = time.perf_counter()
        self.steps: list[float] = []

    @property
    def seconds(self) -> float:
        """Since it was made."""
        return time.perf_counter() - self._start

    def on_step(self, step: int, total: int, preview: Any) -> None:
        now = time.perf_counter()
        if step > self._done:  # a draft, the first of a region, is no step
            self.steps.append(round(now - self._last, 4))
            self._done = step
        if self._shown is not None:
            x0, y0, x1, y1 = preview.box
            self._shown[y0:y1, x0:x1] = preview.rgb
            self._write()
        if not self._quiet:
            print(f"\rstep {step} of {total}", end="\n" if step == total else "", file=sys.stderr, flush=True)
        self._last = time.perf_counter()

    def _write(self) -> None:
        from app.document.formats import write_picture
        from app.document.pixels import Picture

        assert self._shown is not None and self._previews is not None
        write_picture(Picture(self._shown), self._previews / f"preview-{self._drawn:03d}.png")
        self._drawn += 1


def _check_output(path: Path, layers: str | None) -> str:
    """The format that is meant, of a place that can be written to."""
    from app.document.formats import check_writable, format_of

    format = layers or format_of(path)
    check_writable(path)
    return format
