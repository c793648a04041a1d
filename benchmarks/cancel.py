"""How soon an erase can be given up: the longest time between two looks at whether it is still wanted, and the
time from a cancel to an engine that is ready for the next request.

    python -m benchmarks.cancel [--model FOLDER] [--cancels 12] [--threads 2]

Prints one JSON object, all times in milliseconds. Without ``--model`` the published network and autoencoder are
measured at full size, with random weights in a temporary folder. Stages: load, draft, encode, denoise, decode.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer
from safetensors.torch import save_file

from app.engine.controller import EngineController
from app.engine.protocol import EraseOptions
from inference import ErasePipeline
from inference.networks import UNET_CONFIGS, build_unet
from inference.runtime import keep_freed_memory

SIDE = 512
STEPS = 1


def random_folder(root: Path) -> Path:
    """A folder laid out as the published ones, of full size, with random weights."""
    torch.manual_seed(0)
    folder = root / "random"
    (folder / "vae").mkdir(parents=True)
    save_file(build_unet(UNET_CONFIGS["moebius"]).state_dict(), folder / "diffusion_pytorch_model.safetensors")
    blocks = {"down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4}
    vae = AutoencoderKL(**blocks, block_out_channels=(128, 256, 512, 512), layers_per_block=2)
    save_file(vae.state_dict(), folder / "vae" / "diffusion_pytorch_model.safetensors")
    return folder


def picture() -> tuple[Any, Any]:
    """A noisy picture and a hole in its middle."""
    image = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[180:330, 180:330] = 255
    return image, mask


class Looks:
    """Never says stop; notes the time between two questions, by the stage they were asked in."""

    def __init__(self) -> None:
        self.stage, self.gaps = "load", dict[str, list[tuple[float, float]]]()
        self.last = time.perf_counter(), time.thread_time()

    def __call__(self) -> bool:
        now = time.perf_counter(), time.thread_time()
        self.gaps.setdefault(self.stage, []).append((now[0] - self.last[0], now[1] - self.last[1]))
        self.last = now
        return False

    def within(self, stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """``work``, with what happens in it counted as ``stage``."""

        def staged(*arguments: Any, **named: Any) -> Any:
            before = self.stage
            self()
            self.stage = stage
            result = work(*arguments, **named)
            self()
            self.stage = before
            return result

        return staged


def gaps(folder: str) -> dict[str, dict[str, float]]:
    """Per stage: the longest gap, on the clock and in processor time of the thread, which other programs do not
    lengthen as much, and how long it all took."""
    looks = Looks()
    pipeline = ErasePipeline.load(folder, "cpu", cancelled=looks)
    looks()
    looks.stage = "draft"
    model = pipeline.model
    assert model is not None
    codec: Any = model.codec
    codec.encode, codec.decode = looks.within("encode", codec.encode), looks.within("decode", codec.decode)
    unet: Any = model.unet
    unet.forward = looks.within("denoise", unet.forward)
    pipeline.erase(*picture(), steps=STEPS, cancelled=looks)
    looks()
    return {
        stage: {
            "longest_ms": round(1e3 * max(wall for wall, _ in times), 1),
            "longest_processor_ms": round(1e3 * max(used for _, used in times), 1),
            "total_ms": round(1e3 * sum(wall for wall, _ in times), 1),
            "looks": len(times),
        }
        for stage, times in looks.gaps.items()
    }


class Engine:
    """The window's engine, waited for."""

    def __init__(self) -> None:
        self.controller = EngineController()
        self.loop = QEventLoop()
        self.answers: dict[int, object] = {}
        self.controller.finished.connect(self._on_finished)
        self.image, self.mask = picture()

    def _on_finished(self, answer: Any) -> None:
        self.answers[answer.id] = answer
        self.loop.quit()

    def erase(self) -> int:
        return self.controller.erase(self.image, self.mask, EraseOptions(steps=STEPS))

    def wait(self, number: int) -> float:
        """Milliseconds until the answer to request ``number`` is there."""
        start = time.perf_counter()
        while number not in self.answers:
            self.loop.exec()
        return 1e3 * (time.perf_counter() - start)

    def ready(self) -> float:
        """Milliseconds until the engine answers a request that it refuses as soon as it reads it."""
        return self.wait(self.controller.erase(self.image, np.zeros_like(self.mask), EraseOptions()))

    def cancelled_after(self, milliseconds: float) -> float | None:
        """Cancel an erase so long after its start; milliseconds to readiness, None where it had ended before."""
        number = self.erase()
        QTimer.singleShot(round(milliseconds), self.loop.quit)
        self.loop.exec()
        if number in self.answers:
            return None
        self.controller.cancel()
        return self.ready()


def readiness(folder: str, cancels: int) -> dict[str, Any]:
    """Milliseconds to readiness after cancels spread over the loading of a model, and over an erase."""
    engine = Engine()
    figures: dict[str, Any] = {}
    start = time.perf_counter()
    engine.controller.load(folder, "cpu")
    engine.ready()
    loading = 1e3 * (time.perf_counter() - start)
    whole = engine.wait(engine.erase())
    times = [engine.cancelled_after(whole * (i + 0.5) / cancels) for i in range(cancels)]
    figures["erase_ms"] = round(whole)
    figures["erase"] = _summary(times)
    for i in range(max(cancels // 3, 1)):  # a model that nobody wants any more, for one that needs no reading
        engine.controller.load(folder, "cpu")
        QTimer.singleShot(round(loading * (i + 0.5) / max(cancels // 3, 1)), engine.loop.quit)
        engine.loop.exec()
        engine.controller.load("patch-fill", "cpu")
        figures.setdefault("load_times", []).append(engine.ready())
    figures["load_ms"], figures["load"] = round(loading), _summary(figures.pop("load_times"))
    engine.controller.shutdown()
    return figures


def _summary(times: list[Any]) -> dict[str, Any]:
    kept = [round(t) for t in times if t is not None]
    return {"median_ms": statistics.median(kept), "longest_ms": max(kept), "all_ms": kept}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a model folder or name instead of random full-size weights")
    parser.add_argument("--cancels", type=int, default=12, help="0: the gaps only")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    keep_freed_memory()
    application = QCoreApplication([])
    with tempfile.TemporaryDirectory() as root:
        folder = options.model or str(random_folder(Path(root)))
        figures = {
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
            "threads": options.threads,
            "model": options.model or "random weights, full size",
            "gaps": gaps(folder),
            "ready_after_cancel": readiness(folder, options.cancels) if options.cancels else {},
        }
    print(json.dumps(figures))
    del application


if __name__ == "__main__":
    main()
