"""The model that selects, through the controller: on the engine's thread, one embedding a picture."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from app.engine.controller import EngineController
from app.engine.protocol import EmbedDone
from inference import ModelError, models

RGB = np.full((6, 8, 3), 7, np.uint8)


class Fake:
    """Its embedding is the picture's mean; its logits tell what it was asked."""

    def __init__(self) -> None:
        self.threads: set[int] = set()
        self.loads = 0
        self.failure: Exception | None = None

    def load(self, _path: Path, _device: object) -> Fake:
        self.loads += 1
        if self.failure is not None:
            raise self.failure
        return self

    def embed(self, rgb: NDArray[np.uint8]) -> float:
        self.threads.add(threading.get_ident())
        return float(rgb.mean())

    def segment(self, embedding: float, points: tuple[tuple[float, float], ...], *, box: bool) -> NDArray[np.float32]:
        self.threads.add(threading.get_ident())
        if points[0][0] > 1:
            raise RuntimeError
        return np.array([[embedding, points[0][0], box]], np.float32)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    fake = Fake()
    monkeypatch.setattr(models, "installed_segmenter", lambda: Path("sam"), raising=False)
    monkeypatch.setattr(models, "load_segmenter", fake.load, raising=False)
    return fake


@pytest.fixture
def controller(qtbot: QtBot) -> Iterator[EngineController]:
    controller = EngineController()
    yield controller
    controller.shutdown()


def embed(controller: EngineController, qtbot: QtBot, key: int) -> EmbedDone:
    with qtbot.waitSignal(controller.embedded) as heard:
        controller.embed(key, RGB)
    assert heard.args is not None
    answer = heard.args[0]
    assert isinstance(answer, EmbedDone)
    return answer


def test_a_prompt_is_answered_from_the_pictures_embedding(
    fake: Fake, controller: EngineController, qtbot: QtBot
) -> None:
    assert embed(controller, qtbot, 3) == EmbedDone(3, True)
    logits = controller.segment(3, ((0.5, 0.2), (1.0, 1.0)), box=True).result(10)
    assert logits is not None and logits.tolist() == [[7.0, 0.5, 1.0]]
    assert embed(controller, qtbot, 4) == EmbedDone(4, True)
    assert fake.loads == 1
    assert len(fake.threads) == 1 and threading.get_ident() not in fake.threads


def test_a_prompt_for_another_picture_gets_nothing(fake: Fake, controller: EngineController, qtbot: QtBot) -> None:
    assert controller.segment(3, ((0.5, 0.5),), box=False).result(10) is None
    embed(controller, qtbot, 3)
    assert controller.segment(2, ((0.5, 0.5),), box=False).result(10) is None


def test_a_prompt_the_model_fails_at_gets_nothing(fake: Fake, controller: EngineController, qtbot: QtBot) -> None:
    embed(controller, qtbot, 3)
    assert controller.segment(3, ((2.0, 0.5),), box=False).result(10) is None


def test_without_a_model_it_is_not_there_and_nothing_is_said(controller: EngineController, qtbot: QtBot) -> None:
    assert embed(controller, qtbot, 1) == EmbedDone(1, False)


def test_a_model_that_cannot_be_loaded_says_why(fake: Fake, controller: EngineController, qtbot: QtBot) -> None:
    fake.failure = ModelError("It is damaged.")
    answer = embed(controller, qtbot, 1)
    assert (answer.available, answer.message) == (False, "It is damaged.")
    assert "ModelError" in answer.details
    fake.failure = None
    assert embed(controller, qtbot, 2).available
