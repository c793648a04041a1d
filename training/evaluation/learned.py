"""LPIPS and FID, through ``lpips`` and ``torch-fidelity`` where they and their weights are present."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch

from training.evaluation.metrics import Picture


def _reason(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:160]}" if text else type(error).__name__


def open_lpips() -> tuple[Callable[[Picture, Picture], float] | None, str]:
    """LPIPS (Zhang et al., arXiv 1801.03924; AlexNet) of whole pictures, or None and why not."""
    try:
        import lpips

        network = lpips.LPIPS(net="alex", verbose=False).eval()
    except Exception as error:  # missing packages, missing weights, no network: all the same here
        return None, f"LPIPS was not measured ({_reason(error)}); it needs the extra 'measures' and AlexNet's weights"

    def distance(truth: Picture, result: Picture) -> float:
        pair = [torch.from_numpy(p.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None] for p in (truth, result)]
        with torch.no_grad():
            return float(network(*pair))

    return distance, ""


def fid(truths: Path, results: Path) -> tuple[float | None, str]:
    """Frechet inception distance between two folders of pictures, or None and why not."""
    try:
        from torch_fidelity import calculate_metrics

        values = calculate_metrics(
            input1=str(truths), input2=str(results), fid=True, cuda=torch.cuda.is_available(), verbose=False
        )
    except Exception as error:
        return None, f"FID was not measured ({_reason(error)}); it needs the extra 'measures' and Inception's weights"
    return float(values["frechet_inception_distance"]), ""


def write_picture(path: Path, picture: Picture) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture[..., ::-1])
