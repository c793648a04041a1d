"""The controller and its thread, over a scripted pipeline: order, cancelling, failures, survival."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

import inference
from app.engine import worker
from app.engine.controller import EngineController
from app.engine.protocol import (
    EngineNote,
    EngineState,
    EngineStatus,
    EraseCancelled,
    EraseDone,
    EraseFailed,
    EraseOptions,
    ErasePreview,
    EraseProgress,
    ModelAdded,
    ModelRefused,
)
from inference import InputError, ModelError, Preview
from inference.errors import Cancelled
from inference.models.catalogue import BUNDLED, PATCH_FILL, find_model

RGB = np.zeros((20, 30, 3), np.uint8)
MASK = np.zeros((20, 30), np.uint8)
BOX = (2, 3, 6, 8)
TOTAL = 4


class Script:
    """A pipeline whose steps wait until the test lets them go on."""

    def __init__(self) -> None:
        self.folder = replace(find_model(PATCH_FILL), title="Scripted")
        self.device = SimpleNamespace(type="cpu")
        self.precision = "fp32"
        self.steps = threading.Semaphore(0)
        self.done: list[str] = []
        self.threads: set[int] = set()
        self.loads: list[tuple[str, str]] = []
        self.failure: BaseException | None = None
        self.note = self.stage = ""
        self.load_failure: BaseException | None = None
        self.load_slowly = False
        self.looks = threading.Event()  # whether a slow load looks if it is still wanted
        self.looks.set()

    def load(self, model: str, device: str, cancelled: Callable[[], bool], *, precision: str) -> Script:
        slowly = self.load_slowly  # before a test can see that it has begun
        self.threads.add(threading.get_ident())
        self.loads.append((model, device))
        if precision != "auto":
            self.precision = precision
        if slowly:
            assert self.looks.wait(10)
            while not cancelled():
                assert not self.steps.acquire(timeout=0.01)
            raise Cancelled
        if self.load_failure is not None:
            raise self.load_failure
        return self

    def erase_parts(self, rgb: np.ndarray, mask: np.ndarray, *, on_step: Callable[..., None], **options: Any) -> list:
        self.threads.add(threading.get_ident())
        if self.failure is not None:
            raise self.failure
        if self.note:
            options["on_note"](self.note)
        for step in range(TOTAL + 1):
            if step == 1 and self.stage:
                options["on_stage"](self.stage)
            assert self.steps.acquire(timeout=10)
            try:
                on_step(step, TOTAL, Preview(BOX, np.full((5, 4, 3), step, np.uint8)))
            except BaseException:
                self.done.append(f"stopped at {step}")
                raise
        self.done.append(f"seed {options['seed']}")
        return [Preview(BOX, np.full((5, 4, 3), 99, np.uint8))]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    script = Script()
    monkeypatch.setattr(inference, "ErasePipeline", script, raising=False)
    monkeypatch.setattr("inference.models.precision_for", lambda folder, device, wanted: wanted, raising=False)
    return script


@pytest.fixture
def controller(script: Script, qtbot: QtBot) -> Iterator[EngineController]:
    controller = EngineController()
    yield controller
    script.steps.release(100)
    controller.shutdown()


class Heard:
    """Everything the controller said, in order."""

    def __init__(self, controller: EngineController) -> None:
        self.all: list[object] = []
        for signal in (controller.statusChanged, controller.progressed, controller.previewed, controller.finished):
            signal.connect(self.all.append)

    def of(self, kind: type) -> list[Any]:
        return [value for value in self.all if isinstance(value, kind)]


def test_an_erase_from_the_first_request_to_the_patches(
    controller: EngineController, script: Script, qtbot: QtBot
) -> None:
    heard = Heard(controller)
    controller.load("some-model", "cpu")
    job = controller.erase(RGB, MASK, EraseOptions(seed=2**40))
    assert controller.busy
    for step in range(TOTAL + 1):
        with qtbot.waitSignal(controller.previewed):
            script.steps.release()
        assert heard.of(ErasePreview)[-1].step == step
    qtbot.waitUntil(lambda: not controller.busy)
    (done,) = heard.of(EraseDone)
    assert done.id == job
    assert done.patches[0].box == BOX
    assert (done.patches[0].rgb == 99).all()
    assert [p.step for p in heard.of(EraseProgress)] == [0, 1, 2, 3, 4]
    assert heard.of(EraseProgress)[0].seconds_left is None
    assert heard.of(EraseProgress)[-1].seconds_left == 0
    assert [s.state for s in heard.of(EngineStatus)] == [EngineState.LOADING, EngineState.READY]
    assert script.loads == [("some-model", "cpu")], "loaded once"
    assert script.done == [f"seed {2**40}"], "large seeds arrive whole"
    assert script.threads.isdisjoint({threading.get_ident()})
    assert len(script.threads) == 1, "one thread for all of torch"


@pytest.mark.parametrize("stop", range(TOTAL + 1))
def test_cancelling_before_any_step_stops_there_and_the_next_erase_works(
    controller: EngineController, script: Script, qtbot: QtBot, stop: int
) -> None:
    heard = Heard(controller)
    controller.load("m")
    first = controller.erase(RGB, MASK, EraseOptions())
    for _ in range(stop):
        with qtbot.waitSignal(controller.previewed):
            script.steps.release()
    controller.cancel()
    assert heard.of(EraseCancelled) == [EraseCancelled(first)], "the window hears of it at once"
    assert not controller.busy
    second = controller.erase(RGB, MASK, EraseOptions(seed=5))
    script.steps.release(1 + TOTAL + 1)
    qtbot.waitUntil(lambda: not controller.busy)
    assert [done.id for done in heard.of(EraseDone)] == [second]
    assert heard.of(EraseFailed) == []
    # Where the engine had not begun, it never does
    assert script.done[-1] == "seed 5"
    assert script.done[:-1] in ([], [f"stopped at {stop}"])


def test_previews_nobody_took_are_replaced_by_the_newest(
    controller: EngineController, script: Script, qtbot: QtBot
) -> None:
    heard = Heard(controller)
    controller.load("m")
    controller.erase(RGB, MASK, EraseOptions())
    script.steps.release(TOTAL + 1)
    while not script.done:  # the main thread takes no events meanwhile
        threading.Event().wait(0.001)
    qtbot.waitUntil(lambda: not controller.busy)
    assert [p.step for p in heard.of(ErasePreview)] == [TOTAL]


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (InputError("Nothing to erase."), "Nothing to erase."),
        (MemoryError(), worker.OUT_OF_MEMORY),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to"), worker.OUT_OF_MEMORY),
        (RuntimeError("CUDA out of memory. Tried to allocate"), worker.OUT_OF_MEMORY),
        (ZeroDivisionError("inside the model"), worker.STOPPED),
    ],
)
def test_a_failure_is_a_sentence_and_the_engine_survives(
    controller: EngineController, script: Script, qtbot: QtBot, failure: Exception, message: str
) -> None:
    heard = Heard(controller)
    controller.load("m")
    script.failure = failure
    job = controller.erase(RGB, MASK, EraseOptions())
    qtbot.waitUntil(lambda: not controller.busy)
    (failed,) = heard.of(EraseFailed)
    assert (failed.id, failed.message) == (job, message)
    assert type(failure).__name__ in failed.details
    script.failure = None
    script.steps.release(TOTAL + 1)
    controller.erase(RGB, MASK, EraseOptions())
    qtbot.waitUntil(lambda: not controller.busy)
    assert len(heard.of(EraseDone)) == 1


def test_a_model_that_can_not_be_loaded(controller: EngineController, script: Script, qtbot: QtBot) -> None:
    heard = Heard(controller)
    script.load_failure = ModelError("The model is damaged.")
    with qtbot.waitSignal(controller.statusChanged, check_params_cb=lambda s: s.state is EngineState.FAILED):
        controller.load("broken")
    assert controller.status().message == "The model is damaged."
    assert "ModelError" in controller.status().details
    controller.erase(RGB, MASK, EraseOptions())
    qtbot.waitUntil(lambda: not controller.busy)
    assert heard.of(EraseFailed)[0].message == "The model is damaged."
    script.load_failure = ImportError("no torch here")
    with qtbot.waitSignal(controller.statusChanged, check_params_cb=lambda s: s.state is EngineState.FAILED):
        controller.load("other")
    assert controller.status().message == worker.NOT_INSTALLED


def test_shutting_down_during_an_erase(script: Script, qtbot: QtBot) -> None:
    controller = EngineController()
    heard = Heard(controller)
    controller.load("m")
    controller.erase(RGB, MASK, EraseOptions())
    with qtbot.waitSignal(controller.previewed):
        script.steps.release()
    assert controller._job is not None
    cancelled = controller._job.cancelled

    def go_on() -> None:
        assert cancelled.wait(10)
        script.steps.release()

    going_on = threading.Thread(target=go_on)
    going_on.start()
    controller.shutdown()
    controller.shutdown()
    going_on.join()
    assert script.done == ["stopped at 1"]
    assert heard.of(EraseDone) == []


def test_models_are_known_without_torch(qtbot: QtBot, tmp_path: Path, controller: EngineController) -> None:
    assert controller.models() == (), "the disk is looked at by the engine's thread"
    with qtbot.waitSignal(controller.modelsChanged):
        controller.survey([str(tmp_path / "gone"), str(BUNDLED / "moebius-nano")])
    (nano,) = [m for m in controller.models() if m.key == "moebius-nano"]
    assert nano.steps >= 1
    assert nano.title
    assert [m.key for m in controller.models()][-1] == str(BUNDLED / "moebius-nano")
    with qtbot.waitSignal(controller.added) as told:
        controller.add_model(str(tmp_path / "nothing"))
    (refused,) = told.args
    assert isinstance(refused, ModelRefused)
    assert "There is no model" in refused.message
    before = controller.models()
    with qtbot.waitSignal(controller.added) as told:
        controller.add_model(str(BUNDLED / "moebius-nano"))
    assert isinstance(told.args[0], ModelAdded)
    assert controller.models() == before, "it was there"


def test_cancelling_while_the_model_loads_leaves_the_engine_ready(
    controller: EngineController, script: Script, qtbot: QtBot
) -> None:
    heard = Heard(controller)
    script.load_slowly = True
    with qtbot.waitSignal(controller.statusChanged):
        controller.erase(RGB, MASK, EraseOptions())
    controller.cancel()
    qtbot.waitUntil(lambda: controller.status().state is EngineState.EMPTY)
    script.load_slowly = False
    script.steps.release(TOTAL + 1)
    controller.erase(RGB, MASK, EraseOptions())
    qtbot.waitUntil(lambda: not controller.busy)
    assert len(heard.of(EraseDone)) == 1
    assert heard.of(EraseFailed) == []


def test_a_model_nobody_waits_for_any_more_is_not_loaded(
    controller: EngineController, script: Script, qtbot: QtBot
) -> None:
    heard = Heard(controller)
    script.load_slowly = True
    script.looks.clear()
    with qtbot.waitSignal(controller.statusChanged):
        controller.load("large")
    controller.load("larger")
    controller.load("small")
    script.looks.set()
    qtbot.waitUntil(lambda: len(script.loads) == 2)
    script.load_slowly = False
    controller.load("none")
    qtbot.waitUntil(lambda: controller.status().state is EngineState.READY)
    assert [model for model, _ in script.loads] == ["large", "small", "none"]
    assert [s.state for s in heard.of(EngineStatus)].count(EngineState.FAILED) == 0


def test_importing_the_engine_does_not_import_torch() -> None:
    import subprocess

    code = (
        "import sys; from app.engine.controller import EngineController; from app.engine.worker import bundled_infos;"
        "bundled_infos(); assert not {'torch', 'diffusers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_an_unused_model_is_unloaded_and_the_next_erase_loads_it_again(
    controller: EngineController, script: Script, qtbot: QtBot
) -> None:
    controller.load("m")
    with qtbot.waitSignal(controller.statusChanged, check_params_cb=lambda s: s.state is EngineState.IDLE):
        controller.unload_after(0.0005)
    assert controller.status().title == "Scripted"
    controller.unload_after(0)
    for _ in range(2):
        script.steps.release(TOTAL + 1)
        controller.erase(RGB, MASK, EraseOptions())
        qtbot.waitUntil(lambda: not controller.busy)
    assert len(script.loads) == 2, "once at the start and once after it was unloaded; not for the second erase"


def test_what_was_done_about_memory_is_told(controller: EngineController, script: Script, qtbot: QtBot) -> None:
    notes: list[EngineNote] = []
    controller.noted.connect(notes.append)
    script.note = "Memory ran out."
    script.steps.release(TOTAL + 1)
    controller.load("m")
    job = controller.erase(RGB, MASK, EraseOptions())
    qtbot.waitUntil(lambda: not controller.busy)
    assert notes == [EngineNote(job, "Memory ran out.")]


def test_the_precision_chosen_is_loaded_and_shown(controller: EngineController, script: Script, qtbot: QtBot) -> None:
    def shown() -> bool:
        return controller.status().precision == precision

    for precision in ("bf16", "int8"):
        controller.use_precision(precision)
        controller.load("some-model", "cpu")
        controller.load("some-model", "cpu")
        qtbot.waitUntil(shown)
    assert script.loads == [("some-model", "cpu")] * 2, "once for each"


def test_a_precision_given_up_during_an_erase_is_told(
    controller: EngineController, script: Script, qtbot: QtBot
) -> None:
    controller.use_precision("bf16")
    controller.load("some-model", "cpu")
    controller.erase(RGB, MASK, EraseOptions())
    with qtbot.waitSignal(controller.previewed):
        script.steps.release()
    assert controller.status().precision == "bf16"
    script.precision = "fp32"  # as the pipeline does where values outgrow the precision
    script.steps.release(TOTAL + 1)
    qtbot.waitUntil(lambda: controller.status().precision == "fp32")


def test_what_begins_within_a_step_is_told_unless_a_newer_step_is_known(
    controller: EngineController, script: Script, qtbot: QtBot
) -> None:
    heard, script.stage = Heard(controller), "encoding"
    job = controller.erase(RGB, MASK, EraseOptions())
    script.steps.release(1)
    qtbot.waitUntil(lambda: any(progress.stage for progress in heard.of(EraseProgress)), timeout=5000)
    first, second = heard.of(EraseProgress)
    assert (first.step, first.stage) == (0, "")
    assert second == EraseProgress(job, 0, TOTAL, None, "encoding")
    script.steps.release(2)
    qtbot.waitUntil(lambda: heard.of(EraseProgress)[-1].step == 2, timeout=5000)
    seen = len(heard.of(EraseProgress))
    controller._worker.answered.emit(EraseProgress(job, 1, TOTAL, None, "denoising"))
    script.steps.release(10)
    with qtbot.waitSignal(controller.finished):
        pass
    assert all(progress.stage == "" for progress in heard.of(EraseProgress)[seen:])
