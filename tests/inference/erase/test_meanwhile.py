"""A model that is loaded while the first erase makes its drafts: the same bytes, errors and number of threads."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from inference import Cancelled, ErasePipeline, InputError, ModelError
from inference.models import loading
from inference.runtime import Check

IMAGE = np.random.default_rng(5).integers(0, 255, (96, 120, 3), np.uint8)
MASK = np.zeros((96, 120), np.uint8)
MASK[40:60, 50:80] = 255

SCRIPT = """
import json, sys
import numpy as np
image = np.random.default_rng(5).integers(0, 255, (96, 120, 3), np.uint8)
mask = np.zeros((96, 120), np.uint8)
mask[40:60, 50:80] = 255
from inference import ErasePipeline
pipeline = ErasePipeline.load(sys.argv[1], "cpu", meanwhile=sys.argv[2] == "meanwhile")
result = pipeline.erase(image, mask, seed=3)
import torch
print(json.dumps([int(result.astype(np.int64).sum()), result[50, 50:80].tolist(), torch.get_num_threads()]))
"""


@pytest.mark.parametrize("model", ["moebius-nano", "tiny"])
def test_bytes_and_threads_are_those_of_a_model_that_was_there_before(model: str, tiny_folder: Path) -> None:
    """In processes that have imported nothing yet."""
    told = []
    for when in ("before", "meanwhile"):
        command = [sys.executable, "-c", SCRIPT, str(tiny_folder) if model == "tiny" else model, when]
        ran = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True, timeout=120)
        assert ran.returncode == 0, ran.stderr
        told.append(json.loads(ran.stdout))
    assert told[0] == told[1]


def test_drafts_are_shown_before_the_model_is_there(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go, threads, models = threading.Event(), list[threading.Thread](), list[object]()
    load_model = loading.load_model

    def slow(*arguments: object, **options: object) -> object:
        threads.append(threading.current_thread())
        assert go.wait(60)
        return load_model(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(loading, "load_model", slow)
    pipeline = ErasePipeline.load(tiny_folder, "cpu", meanwhile=True)
    steps: list[int] = []

    def on_step(step: int, total: int, preview: object) -> None:
        steps.append(step)
        if step == 0 and len(steps) == 2:  # the smooth draft and the patch fill
            models.append(pipeline.model)
            go.set()

    pipeline.erase(IMAGE, MASK, steps=2, on_step=on_step)
    assert steps == [0, 0, 1, 2]
    assert models == [None] and pipeline.model is not None and pipeline.load_seconds > 0
    assert (pipeline.device.type, pipeline.precision) == ("cpu", "fp32")
    assert threads[0] is not threading.current_thread()
    pipeline.erase(IMAGE, MASK, steps=2)
    assert len(threads) == 1, "it is loaded once"


def test_a_model_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    before = threading.active_count()
    for missing in ("no-such-model", tmp_path / "nothing"):
        with pytest.raises(ModelError):
            ErasePipeline.load(missing, meanwhile=True)
    assert threading.active_count() == before


@pytest.mark.parametrize("bad", ["damaged", "device", "precision"])
def test_what_loading_fails_with_ends_the_drafts_and_every_erase(bad: str, tiny_folder: Path, tmp_path: Path) -> None:
    folder, device, precision = tmp_path / "model", "cpu", "auto"
    folder.mkdir()
    for file in tiny_folder.iterdir():
        kept = 2000 if bad == "damaged" and "unet" in file.name else None
        (folder / file.name).write_bytes(file.read_bytes()[:kept])
    device = "abacus" if bad == "device" else device
    precision = "fp7" if bad == "precision" else precision
    kind = ModelError if bad == "damaged" else InputError
    with pytest.raises(kind) as expected:
        ErasePipeline.load(folder, device, precision=precision)
    pipeline = ErasePipeline.load(folder, device, precision=precision, meanwhile=True)
    with pytest.raises(kind) as told:
        pipeline.wait()
    assert str(told.value) == str(expected.value)
    steps: list[int] = []
    with pytest.raises(kind):
        pipeline.erase(IMAGE, MASK, on_step=lambda step, *_: steps.append(step))
    assert steps == [], "nothing is drawn for it"


def test_an_erase_that_can_not_be_leaves_the_model_to_the_next(tiny_folder: Path) -> None:
    pipeline = ErasePipeline.load(tiny_folder, "cpu", meanwhile=True)
    with pytest.raises(InputError):
        pipeline.erase(IMAGE, np.zeros_like(MASK))
    with pytest.raises(Cancelled):
        pipeline.erase(IMAGE, MASK, cancelled=lambda: True)
    assert (pipeline.erase(IMAGE, MASK, steps=1) != IMAGE).any()


def test_cancelling_ends_the_wait_and_the_loading(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = threading.Event(), threading.Event()

    def endless(model: object, device: object, check: Check, *, precision: str) -> None:
        begun.set()
        try:
            while True:
                check()
        finally:
            ended.set()

    monkeypatch.setattr(loading, "load_model", endless)
    pipeline = ErasePipeline.load(tiny_folder, "cpu", begun.is_set, meanwhile=True)
    with pytest.raises(Cancelled):
        pipeline.wait()
    assert ended.wait(10)


def test_a_card_is_left_to_the_thread_that_erases(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads on one card end the program on some systems. Its time is counted all the same."""
    threads: list[str] = []
    load_model, now = loading.load_model, [100.0]

    def noted(model: Path, device: object, check: Check, *, precision: str) -> object:
        threads.append(threading.current_thread().name)
        now[0] += 7
        return load_model(model, torch.device("cpu"), check, precision=precision)

    card = SimpleNamespace(type="mps")
    monkeypatch.setattr("inference.models.devices.choose_device", lambda name: card)
    monkeypatch.setattr("inference.models.devices.choose_precision", lambda device, wanted: "fp32")
    monkeypatch.setattr(loading, "load_model", noted)
    monkeypatch.setattr("inference.erase.model_runner.time", SimpleNamespace(perf_counter=lambda: now[0]))
    pipeline = ErasePipeline.load(tiny_folder, meanwhile=True)
    pipeline.wait()
    assert threads == [threading.current_thread().name]
    assert pipeline.device is card and pipeline.model is not None
    assert pipeline.load_seconds == 7
