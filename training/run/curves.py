"""Loss curves of trainings as one picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.config import CurvesConfig

_NO_LOSS = {"step", "gradient", "rate", "samples_per_second", "seconds_left"}


def read_losses(run: Path) -> dict[str, NDArray[np.float64]]:
    """Columns of a training's ``losses.jsonl``, ``step`` among them; raises ``ValueError`` where there are none."""
    path = run / "losses.jsonl"
    try:
        lines: list[dict[str, Any]] = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} can't be read: {error}") from error
    if not lines:
        raise ValueError(f"{path} is empty")
    names = [name for name in lines[0] if all(name in line for line in lines)]
    return {name: np.array([line[name] for line in lines], float) for name in names}


def smoothed(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """The mean of each value and those up to ``window`` before and after it, fewer at the ends."""
    totals = np.concatenate([[0.0], np.cumsum(values)])
    at = np.arange(len(values))
    reach = np.minimum(window, np.minimum(at, len(values) - 1 - at))
    means: NDArray[np.float64] = (totals[at + reach + 1] - totals[at - reach]) / (2 * reach + 1)
    return means


def draw_curves(config: CurvesConfig) -> None:
    """Draw every loss of every run: faint as logged, and its moving mean. Raises ``ValueError``."""
    from matplotlib.figure import Figure

    runs = {name: read_losses(Path(name)) for name in (part.strip() for part in config.runs.split(",")) if name}
    if not runs:
        raise ValueError("name runs to draw: --runs FOLDER,FOLDER")
    there = list(dict.fromkeys(name for losses in runs.values() for name in losses if name not in _NO_LOSS))
    names = [name.strip() for name in config.losses.split(",") if name.strip()] or there
    if missing := [name for name in names if not any(name in losses for losses in runs.values())]:
        raise ValueError(f"no run has {', '.join(missing)}; there are: {', '.join(there)}")
    figure = Figure(figsize=(4.6 * len(names), 3.2), layout="constrained")
    for axes, name in zip(np.atleast_1d(figure.subplots(1, len(names))), names, strict=True):
        for number, (run, losses) in enumerate(runs.items()):
            if name in losses:
                axes.plot(losses["step"], losses[name], color=f"C{number}", alpha=0.25, linewidth=0.8)
                mean = smoothed(losses[name], config.window)
                axes.plot(losses["step"], mean, color=f"C{number}", linewidth=1.4, label=Path(run).name)
        axes.set(title=name, xlabel="step")
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    config.out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(config.out, dpi=110)
    print(f"wrote {config.out}")
