"""Taking a model in on the engine's thread: an answer for every outcome, and the choice of models follows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.engine.controller import EngineController
from app.engine.downloads import survey
from app.engine.protocol import ImportDone, ImportFailed
from inference.models.catalogue import BUNDLED
from inference.models.folders import models_folder

SLOW = 120_000  # ms: the first import of torch on a cold disk


@pytest.fixture
def engine() -> Iterator[EngineController]:
    engine = EngineController()
    yield engine
    engine.shutdown()


def take_in(engine: EngineController, qtbot: QtBot, source: Path, known: str = "") -> ImportDone | ImportFailed:
    with qtbot.waitSignal(engine.imported, timeout=SLOW) as caught:
        number = engine.import_model(str(source), known)
    answer = caught.args[0]
    assert isinstance(answer, ImportDone | ImportFailed)
    assert answer.id == number
    return answer


def test_a_model_of_ones_own_is_offered(engine: EngineController, qtbot: QtBot, tmp_path: Path) -> None:
    own = tmp_path / "mine"
    shutil.copytree(BUNDLED / "moebius-nano", own)
    values = json.loads((own / "config.json").read_text())
    (own / "config.json").write_text(json.dumps({**values, "name": "mine", "title": "My own"}))
    answer = take_in(engine, qtbot, own)
    assert isinstance(answer, ImportDone)
    assert (answer.name, answer.title) == ("mine", "My own")
    found = survey()
    assert [model.name for model in found.installed] == ["moebius-nano", "mine"]
    with qtbot.waitSignal(engine.modelsChanged):
        engine.set_installed(found.infos)
    assert "mine" in [info.key for info in engine.models()]


def test_it_is_found_again_at_the_next_start(engine: EngineController, qtbot: QtBot) -> None:
    own = models_folder() / "mine"
    shutil.copytree(BUNDLED / "moebius-nano", own)
    (own / "source.json").write_text('{"title": "My own"}')
    with qtbot.waitSignal(engine.modelsChanged, timeout=SLOW):
        engine.survey()
    assert [info.title for info in engine.models() if info.key == "mine"] == ["My own"]


@pytest.mark.parametrize("known", ["", "moebius-ft_places2"])
def test_what_does_not_fit_is_answered(engine: EngineController, qtbot: QtBot, tmp_path: Path, known: str) -> None:
    (tmp_path / "ft_places2").mkdir()
    (tmp_path / "ft_places2" / "model.bin").write_bytes(b"not a checkpoint")
    answer = take_in(engine, qtbot, tmp_path if known else tmp_path / "ft_places2", known)
    assert isinstance(answer, ImportFailed)
    assert "model.bin" in answer.message
    assert "Traceback" in answer.details
    assert survey().infos == ()
