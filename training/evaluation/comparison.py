"""The evaluation: runs methods over cases, measures, writes ``results.json``, ``table.md`` and ``sheet.png``."""

from __future__ import annotations

import functools
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from inference import ErasePipeline
from training.config import EvaluateConfig
from training.evaluation.cases import make_cases
from training.evaluation.learned import fid, open_lpips, write_picture
from training.evaluation.methods import DESCRIPTIONS, USUAL, blurred, kept_fills, make_method
from training.evaluation.metrics import Picture, measure
from training.evaluation.tables import contact_sheet, markdown
from training.run import duration

Scores = dict[str, list[float]]
COMPARED = ("psnr", "psnr_coarse", "direction", "ssim", "swd")


def evaluate(config: EvaluateConfig) -> dict[str, Any]:
    """Measure; returns what ``results.json`` holds. Raises ``ValueError`` for unknown methods and missing pictures."""
    if config.list:
        print("\n".join(f"{name:14} {text}" for name, text in DESCRIPTIONS.items()))
        return {}
    names = [name.strip() for name in config.methods.split(",") if name.strip()] or list(USUAL)
    pipeline = functools.cache(lambda: ErasePipeline.load(config.model))
    methods = {name: make_method(name, pipeline) for name in names}
    distance, why_not = open_lpips() if config.lpips else (None, "")
    notes = [why_not] if why_not else []
    controls = [name.strip() for name in config.controls.split(",") if name.strip() in names and "patch" in names]
    scores: dict[str, Scores] = {
        row: {} for name in names for row in (name, *(_control(c) for c in controls if c == name))
    }
    shares: list[float] = []
    rows: list[list[Picture]] = []
    config.out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with (
        kept_fills(config.cache or config.out / "cache") as fills,
        tempfile.TemporaryDirectory(prefix="moebius-evaluation-") as scratch,
    ):
        pictures = Path(scratch)
        for index, case in enumerate(make_cases(config)):
            shares.append(float(case.hole.mean()))
            made: dict[str, Picture] = {}
            if config.lpips:
                write_picture(pictures / "truth" / f"{case.name}.png", case.truth)
            for name, method in methods.items():
                if not index:
                    method(case)  # what is loaded and set up by the first call is not the method's time
                start, saved = time.perf_counter(), fills.saved
                result = method(case)
                values = measure(case.truth, result, case.hole) | {
                    "seconds": time.perf_counter() - start + fills.saved - saved
                }
                if distance is not None:
                    values["lpips"] = distance(case.truth, result)
                if config.lpips:
                    write_picture(pictures / name / f"{case.name}.png", result)
                for key, value in values.items():
                    scores[name].setdefault(key, []).append(value)
                made[name] = result
            for name in controls:
                wanted = scores[name]["sharpness"][-1]
                control = blurred(case.truth, made["patch"], case.hole, wanted)
                for key, value in measure(case.truth, control, case.hole).items():
                    scores[_control(name)].setdefault(key, []).append(value)
            if len(rows) < config.rows:
                rows.append([case.truth, case.damaged, *made.values()])
            if (index + 1) % 10 == 0:
                left = (time.monotonic() - began) / (index + 1) * (config.count - index - 1)
                print(f"{index + 1} of {config.count} pictures, {duration(left)} left", flush=True)
        means = {name: {key: float(np.mean(v)) for key, v in values.items()} for name, values in scores.items()}
        for name, share in _worse(scores).items():
            means[name]["worse"] = share
        for name in names if config.lpips else ():
            inception, why_not = fid(pictures / "truth", pictures / name)
            if inception is None:
                notes.append(why_not)
                break
            means[name]["fid"] = inception
    results = {
        "model": str(config.model),
        "count": len(shares),
        "hole": float(np.mean(shares)),
        "masks": str(config.masks or f"{config.kind}, seed {config.seed}"),
        "methods": means,
        "over_patch": _over_patch(scores),
        "notes": [*notes, *_said(scores)],
        "seconds": time.monotonic() - began,
    }
    _write(config, results, ["truth", "damaged", *names], rows)
    return results


def _control(name: str) -> str:
    return f"patch, blurred as {name}"


def _worse(scores: dict[str, Scores]) -> dict[str, float]:
    """The share of pictures on which a method's coarse PSNR is below the patch fill's."""
    if "patch" not in scores:
        return {}
    fill = np.array(scores["patch"]["psnr_coarse"])
    return {
        name: float(np.mean(np.array(values["psnr_coarse"]) < fill))
        for name, values in scores.items()
        if name != "patch"
    }


def _over_patch(scores: dict[str, Scores]) -> dict[str, dict[str, list[float]]]:
    """Mean and standard error of every method's difference to the patch fill, picture by picture."""
    if "patch" not in scores:
        return {}
    found: dict[str, dict[str, list[float]]] = {}
    for name, values in scores.items():
        differences = {key: np.subtract(values[key], scores["patch"][key]) for key in COMPARED}
        found[name] = {
            key: [float(d.mean()), float(d.std(ddof=1) / len(d) ** 0.5) if len(d) > 1 else 0.0]
            for key, d in differences.items()
        }
    return found


def _said(scores: dict[str, Scores]) -> list[str]:
    over = _over_patch(scores)
    said = []
    for name in (name for name in ("default", "exact") if name in over):
        (gain, error), (coarse, coarse_error) = over[name]["psnr"], over[name]["psnr_coarse"]
        (similarity, similarity_error), (turned, turned_error) = over[name]["ssim"], over[name]["direction"]
        said.append(
            f"{name} over the patch fill, picture by picture: PSNR {gain:+.2f} dB (standard error {error:.2f}), coarse "
            f"{coarse:+.2f} dB ({coarse_error:.2f}), direction {turned:+.2f} dB ({turned_error:.2f}), "
            f"SSIM {similarity:+.4f} ({similarity_error:.4f})."
        )
    return said


def _write(config: EvaluateConfig, results: dict[str, Any], titles: list[str], rows: list[list[Picture]]) -> None:
    (config.out / "results.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    table = markdown(results)
    (config.out / "table.md").write_text(table, encoding="utf-8")
    if rows:
        cv2.imwrite(str(config.out / "sheet.png"), contact_sheet(titles, rows)[..., ::-1])
    print(table + f"wrote results.json, table.md and sheet.png to {config.out} ({duration(results['seconds'])})")
