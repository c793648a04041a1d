"""Downloads paused, shut out by another, forgotten, and taken up from what the disk remembers."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from inference.hub.downloading import unfinished_downloads
from inference.hub.errors import Stop, Stopped
from inference.hub.registry import KnownModel
from inference.models.folders import forget_download, incomplete_folder
from tests.inference.hub.conftest import DATA, NAME, bring, final, refused
from tests.oracles.hub_server import Fault, Hub


def test_one_program_at_a_time(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    hub.faults = [Fault("hang", after=100_000)]
    stop = Stop()

    def work() -> None:
        with pytest.raises(Stopped):
            bring(hub, tmp_path, model, stop)

    first = threading.Thread(target=work)
    first.start()
    assert hub.hanging.wait(10)
    refused(hub, tmp_path, model, "being downloaded by another")
    stop.ask()
    first.join()
    hub.release.set()
    bring(hub, tmp_path, model)
    assert final(tmp_path).read_bytes() == DATA
    assert [path.name for path in final(tmp_path).parents[2].iterdir()] == [NAME]


def test_a_pause_in_the_middle_of_silence_is_obeyed_at_once(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    hub.faults = [Fault("hang", after=100_000)]
    stop, raised = Stop(), threading.Event()

    def work() -> None:
        with pytest.raises(Stopped):
            bring(hub, tmp_path, model, stop)
        raised.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert hub.hanging.wait(10)
    stop.ask()
    assert raised.wait(10), "it waits for the server"
    thread.join()
    assert unfinished_downloads(tmp_path)[0].arrived <= 100_000
    hub.release.set()
    bring(hub, tmp_path, model)
    assert final(tmp_path).read_bytes() == DATA


def test_a_pause_while_waiting_to_try_again(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    hub.faults = [Fault("status", 503, headers={"Retry-After": "60"})]
    stop = Stop()
    timer = threading.Timer(0.2, stop.ask)
    timer.start()
    with pytest.raises(Stopped):
        bring(hub, tmp_path, model, stop)
    timer.join()


def test_what_was_begun_is_forgotten_on_request(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    hub.faults = [Fault("status", 404)]
    refused(hub, tmp_path, model, "404")
    forget_download(NAME, tmp_path)
    assert unfinished_downloads(tmp_path) == []
    assert not incomplete_folder(NAME, tmp_path).exists()


@pytest.mark.parametrize("text", ["", "[]", '{"files": [{"repo": "a"}]}', '{"files": [1]}', "\x00"])
def test_a_damaged_plan_is_made_anew(hub: Hub, tmp_path: Path, model: KnownModel, text: str) -> None:
    folder = incomplete_folder(NAME, tmp_path)
    folder.mkdir(parents=True)
    (folder / "plan.json").write_text(text)
    assert unfinished_downloads(tmp_path) == []
    bring(hub, tmp_path, model)
    assert final(tmp_path).read_bytes() == DATA
