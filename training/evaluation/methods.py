"""Methods that are compared, by name; and a cache of patch fills, which take most of the time."""

from __future__ import annotations

import copy
import hashlib
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import inference.fill
from inference import ErasePipeline
from inference.fill import colour_correction, patch_fill, smooth_fill, structured_patch_fill
from inference.runtime import never
from training.evaluation.cases import Case
from training.evaluation.metrics import Hole, Picture, sharpness

Method = Callable[[Case], Picture]

DESCRIPTIONS = {
    "telea": "OpenCV's Telea fill, radius 5",
    "ns": "OpenCV's Navier-Stokes fill, radius 5",
    "smooth": "push-pull interpolation",
    "patch": "PatchMatch fill of the exact hole, patches as large as the program's",
    "patch-R": "the same with patches of 2R + 1 pixels a side",
    "patch-edges": "the same after the edges that the hole interrupts were continued",
    "patch-grown": "PatchMatch fill of all the program may change: the hole grown and faded",
    "default": "the program as it comes: the hole grown and faded",
    "exact": "the program told that the mask is exact: nothing beyond it changes",
    "noise-N": "the model from noise in N steps, mask exact: its own picture, of a layout the corrected fill",
    "oracle-S": "the patch fill corrected by the truth low-passed by S pixels: what a perfect guide would give",
    "strength-S-N": "the program at strength S (as 0.6), N steps planned; a layout has no strength",
}
USUAL: tuple[str, ...] = ("telea", "ns", "smooth", "patch", "patch-edges", "patch-grown", "default", "exact")
USUAL += ("noise-4", "noise-8", "noise-20")

_PATCH = re.compile(r"patch-([1-9]\d?)$")
_NOISE = re.compile(r"noise-(\d+)$")
_ORACLE = re.compile(r"oracle-(\d+)$")
_STRENGTH = re.compile(r"strength-(\d*\.?\d+)-(\d+)$")


class Fills:
    """Patch fills kept in a folder, with the time each took."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.saved = 0.0  # seconds that fills found here took when they were made
        folder.mkdir(parents=True, exist_ok=True)

    def __call__(
        self,
        rgb: NDArray[np.uint8],
        hole: NDArray[np.bool_],
        *,
        radius: int = 5,
        seed: int = 0,
        source: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.uint8]:
        key = hashlib.sha256(repr((rgb.shape, radius, seed, source is None)).encode())
        for array in (rgb, hole, source):
            key.update(b"" if array is None else np.ascontiguousarray(array).tobytes())
        path = self.folder / f"{key.hexdigest()[:32]}.npz"
        if path.exists():
            with np.load(path) as kept:
                self.saved += float(kept["seconds"])
                return np.asarray(kept["fill"])
        start = time.perf_counter()
        fill = patch_fill(rgb, hole, radius=radius, seed=seed, source=source)
        temporary = path.with_suffix(".partial")
        with temporary.open("wb") as file:
            np.savez_compressed(file, fill=fill, seconds=np.asarray(time.perf_counter() - start))
        temporary.replace(path)
        return fill


@contextmanager
def kept_fills(folder: Path) -> Iterator[Fills]:
    """Within, every patch fill of the pipeline's is looked up in ``folder`` first.

    The pipeline has no place to hand a fill in, and needs none but for this.
    """
    fills = Fills(folder)
    holders = [
        module
        for name, module in sys.modules.items()
        if name.startswith("inference.") and getattr(module, "patch_fill", None) is patch_fill
    ]
    for module in holders:
        module.patch_fill = fills  # type: ignore[attr-defined]
    try:
        yield fills
    finally:
        for module in holders:
            module.patch_fill = patch_fill  # type: ignore[attr-defined]


def _alone(pipeline: ErasePipeline) -> ErasePipeline:
    """The same model, its result what it decodes to of one square.

    No tiles: they begin at a strength below 1, which a model trained on noise alone has never seen.
    """
    alone = copy.copy(pipeline)
    alone.folder = replace(pipeline.folder, settings=replace(pipeline.folder.settings, refine=0.0))
    return alone


def _corrected_by_truth(case: Case, radius: int, blur: float) -> Picture:
    patched = inference.fill.patch_fill(case.damaged, case.hole, radius=radius, seed=case.seed)
    truth = np.asarray(cv2.GaussianBlur(case.truth.astype(np.float32), (0, 0), blur), dtype=np.float32)
    change = colour_correction(truth, patched.astype(np.float32), case.hole)
    return np.clip(np.rint(patched + change), 0, 255).astype(np.uint8)


def blurred(truth: Picture, fill: Picture, hole: Hole, wanted: float) -> Picture:
    """``fill`` low-passed in the hole until it is no sharper than ``wanted``, as :func:`sharpness` measures it.

    The control of a comparison: blur alone raises PSNR.
    """
    made, least, most = fill, 0.0, 16.0
    if sharpness(truth, fill, hole) <= wanted:
        return fill
    for _ in range(12):
        sigma = (least + most) / 2
        smooth = np.asarray(cv2.GaussianBlur(fill, (0, 0), sigma, borderType=cv2.BORDER_REFLECT))
        tried = np.where(hole[..., None], smooth, fill).astype(np.uint8)
        if sharpness(truth, tried, hole) > wanted:
            least = sigma
        else:
            made, most = tried, sigma
    return made


def make_method(name: str, pipeline: Callable[[], ErasePipeline]) -> Method:
    """The method of that name; raises ``ValueError`` for an unknown one."""
    if name in ("telea", "ns"):
        flag = cv2.INPAINT_TELEA if name == "telea" else cv2.INPAINT_NS
        return lambda case: np.asarray(cv2.inpaint(case.damaged, case.mask, 5, flag), dtype=np.uint8)
    if name == "smooth":
        return lambda case: smooth_fill(case.damaged, case.hole)
    if name == "patch":
        return lambda case: inference.fill.patch_fill(
            case.damaged, case.hole, radius=pipeline().folder.settings.fill_radius, seed=case.seed
        )
    if name == "patch-edges":
        return lambda case: structured_patch_fill(
            case.damaged,
            case.hole,
            radius=pipeline().folder.settings.fill_radius,
            seed=case.seed,
            check=never,
        )
    if name == "patch-grown":
        return lambda case: inference.fill.patch_fill(
            case.damaged,
            pipeline().affected(case.mask, case.damaged),
            radius=pipeline().folder.settings.fill_radius,
            seed=case.seed,
        )
    if name == "default":
        return lambda case: pipeline().erase(case.damaged, case.mask, seed=case.seed)
    if name == "exact":
        return lambda case: pipeline().erase(case.damaged, case.mask, seed=case.seed, exact_mask=True)
    if found := _PATCH.match(name):
        radius = int(found[1])
        return lambda case: inference.fill.patch_fill(case.damaged, case.hole, radius=radius, seed=case.seed)
    if found := _NOISE.match(name):
        steps = int(found[1])
        return lambda case: _alone(pipeline()).erase(
            case.damaged, case.mask, seed=case.seed, strength=1.0, steps=steps, exact_mask=True
        )
    if found := _ORACLE.match(name):
        blur = float(found[1])
        return lambda case: _corrected_by_truth(case, pipeline().folder.settings.fill_radius, blur)
    if found := _STRENGTH.match(name):
        strength, planned = float(found[1]), int(found[2])
        return lambda case: pipeline().erase(case.damaged, case.mask, seed=case.seed, strength=strength, steps=planned)
    raise ValueError(f"there is no method {name!r}; known: {', '.join(DESCRIPTIONS)}")
