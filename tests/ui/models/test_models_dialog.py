"""The models' dialog over a small hub on this machine and a scripted engine: no call leaves without a click."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from app.engine import downloads
from app.engine.formatting import progress_text, size_text, time_text
from app.engine.protocol import ImportDone, ImportFailed, ModelInfo
from app.ui.models import models_dialog
from app.ui.models.library import Stage
from app.ui.models.models_dialog import ModelsDialog
from app.ui.support import settings
from inference.hub.downloading import Progress
from inference.hub.fetch import RetryPolicy
from inference.models.folders import incomplete_folder, models_folder
from tests.oracles.hub_server import Fault, Hub, serve, unpin
from tests.ui.conftest import Driver

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

NAME = "moebius-ft_places2"
CHECKPOINT = "ft_places2/diffusion_pytorch_model.bin"
DATA = bytes(range(256)) * 1000


@pytest.fixture
def hub(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    quick = RetryPolicy(attempts=2, first_wait=0.001)
    monkeypatch.setattr("inference.hub.downloading.RetryPolicy", lambda: quick)
    unpin(monkeypatch)
    with serve() as hub:
        hub.repos["hustvl/Moebius"] = {CHECKPOINT: DATA}
        hub.repos["hustvl/PixelHacker"] = {"vae/config.json": b"{}", "vae/diffusion_pytorch_model.bin": b"v" * 999}
        hub.repos["black-forest-labs/FLUX.1-Fill-dev"] = {"transformer/model.safetensors": b"f" * 99}
        driver.window.settings.set(settings.HUB_ENDPOINT, hub.url)
        yield hub


@pytest.fixture
def dialog(driver: Driver, qtbot: QtBot) -> ModelsDialog:
    driver.window.actions_.models.trigger()
    found = driver.window.findChild(ModelsDialog)
    assert isinstance(found, ModelsDialog)
    quiet(driver)
    return found


def quiet(driver: Driver) -> None:
    """Wait until nothing is under way."""
    driver.qtbot.waitUntil(lambda: not driver.window.models.library.busy, timeout=15_000)


def click(driver: Driver, dialog: ModelsDialog, name: str = NAME) -> None:
    driver.qtbot.mouseClick(dialog.rows[name].main, Qt.MouseButton.LeftButton)


def wait_for(driver: Driver, stage: Stage, name: str = NAME) -> None:
    driver.qtbot.waitUntil(lambda: driver.window.models.library.state(name).stage is stage, timeout=15_000)


def answer(driver: Driver, done: bool = True) -> None:
    """As the engine would: what was downloaded is stored among the installed models."""
    number = len(driver.engine.imports)
    source, known = driver.engine.imports[-1]
    if not done:
        driver.engine.imported.emit(ImportFailed(number, "It does not fit this model.", "why"))
        return
    folder = models_folder() / known
    folder.mkdir(parents=True)
    (folder / "source.json").write_text('{"title": "Moebius Places2", "licence": "Apache-2.0"}')
    downloads.forget_download(known)
    assert Path(source).parent.name == ".incomplete"
    driver.engine.imported.emit(ImportDone(number, known, "Moebius Places2"))


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No connection can be made; what tried is noted, for an error in a thread might be swallowed."""
    tried: list[str] = []

    def blocked(name: str) -> Callable[..., None]:
        def call(*_arguments: object, **_named: object) -> None:
            tried.append(name)
            raise OSError("no network in this test")

        return call

    for name in ("connect", "connect_ex", "sendto", "bind"):
        monkeypatch.setattr(socket.socket, name, blocked(name))
    monkeypatch.setattr(socket, "getaddrinfo", blocked("getaddrinfo"))
    return tried


def test_no_call_leaves_without_a_click(no_network: list[str], driver: Driver) -> None:
    driver.window.actions_.models.trigger()
    quiet(driver)
    dialog = driver.window.findChild(ModelsDialog)
    assert isinstance(dialog, ModelsDialog)
    assert dialog.rows["moebius-nano"].badge.isVisible()
    assert dialog.rows[NAME].main.text() == "Download"
    dialog.network.set_unfolded(True)
    dialog.mirror.setText("https://mirror.example")
    dialog.mirror.editingFinished.emit()
    dialog.close()
    quiet(driver)
    assert driver.texts() == []
    assert no_network == []


def test_a_click_does_call(no_network: list[str], driver: Driver, dialog: ModelsDialog) -> None:
    """The guard of the test before notices one."""
    driver.window.settings.set(settings.HUB_ENDPOINT, "http://hub.invalid")
    click(driver, dialog)
    driver.qtbot.waitUntil(lambda: bool(no_network), timeout=15_000)
    driver.window.models.library.pause(NAME)
    quiet(driver)


def test_a_download_from_click_to_installed(driver: Driver, hub: Hub, dialog: ModelsDialog) -> None:
    click(driver, dialog)
    wait_for(driver, Stage.CHECKING)
    assert driver.engine.imports == [(str(incomplete_folder(NAME)), NAME)]
    assert (incomplete_folder(NAME) / CHECKPOINT).read_bytes() == DATA
    answer(driver)
    quiet(driver)
    row = dialog.rows[NAME]
    assert row.badge.isVisible() and row.main.text() == "Remove"
    assert driver.texts() == ["Moebius Places2 is installed."]
    offer = driver.window.contents.banner.offer
    assert offer.isVisible() and offer.text() == "Use It from Now On"
    driver.engine.set_installed((ModelInfo(NAME, "Moebius Places2", 19, 2.0, 0.99),))
    driver.qtbot.mouseClick(offer, Qt.MouseButton.LeftButton)
    assert driver.engine.loads[-1] == (NAME, "auto")
    assert driver.window.settings.get(settings.MODEL) == driver.window.panel.model.key == NAME
    assert driver.window.contents.banner.isHidden()


def test_a_row_chooses_its_model(driver: Driver, dialog: ModelsDialog) -> None:
    driver.engine.set_installed((ModelInfo("moebius-nano", "Moebius nano", 4, 1.0, 1.0),))
    use = dialog.rows["moebius-nano"].use
    assert use.isVisible() and use.isEnabled()
    assert dialog.rows[NAME].use.isHidden(), "it is not installed"
    driver.qtbot.mouseClick(use, Qt.MouseButton.LeftButton)
    assert driver.engine.loads[-1] == ("moebius-nano", "auto")
    assert (use.text(), use.isEnabled()) == ("In Use", False)


def test_what_the_engine_refuses_is_deleted(driver: Driver, hub: Hub, dialog: ModelsDialog) -> None:
    click(driver, dialog)
    wait_for(driver, Stage.CHECKING)
    answer(driver, done=False)
    quiet(driver)
    assert dialog.rows[NAME].status.text() == "It does not fit this model."
    assert dialog.rows[NAME].main.text() == "Try Again"
    assert not incomplete_folder(NAME).exists()


def test_what_was_only_short_of_room_is_kept(driver: Driver, hub: Hub, dialog: ModelsDialog) -> None:
    click(driver, dialog)
    wait_for(driver, Stage.CHECKING)
    driver.engine.imported.emit(ImportFailed(1, "The disk is full.", whole=True))
    wait_for(driver, Stage.FAILED)
    quiet(driver)
    assert (incomplete_folder(NAME) / CHECKPOINT).exists()
    hub.requests.clear()
    click(driver, dialog)
    wait_for(driver, Stage.CHECKING)
    assert hub.requests == []  # nothing is fetched twice


def test_pause_and_resume(driver: Driver, hub: Hub, dialog: ModelsDialog) -> None:
    hub.faults = [Fault("hang", after=100_000)]
    click(driver, dialog)
    row = dialog.rows[NAME]
    driver.qtbot.waitUntil(lambda: row.status.text().startswith("100 kB of 257 kB"), timeout=15_000)
    assert row.main.text() == "Pause" and row.bar.isVisible()
    click(driver, dialog)
    quiet(driver)
    assert row.status.text() == "Paused · 100 kB of 257 kB"
    assert row.main.text() == "Resume"
    click(driver, dialog)
    wait_for(driver, Stage.CHECKING)
    assert hub.ranges()[1] == "bytes=100000-"
    answer(driver)
    quiet(driver)


def test_a_download_cut_off_with_the_program_is_offered_again(driver: Driver, hub: Hub, dialog: ModelsDialog) -> None:
    hub.faults = [Fault("hang", after=100_000)]
    click(driver, dialog)
    driver.qtbot.waitUntil(lambda: hub.hanging.is_set(), timeout=15_000)
    window = driver.window
    window.close()
    driver.qtbot.waitUntil(lambda: not window.isVisible(), timeout=15_000)
    assert downloads.survey().begun[0].model.name == NAME


def test_giving_up_deletes_what_has_arrived(driver: Driver, hub: Hub, dialog: ModelsDialog) -> None:
    hub.faults = [Fault("hang", after=100_000)]
    click(driver, dialog)
    driver.qtbot.waitUntil(lambda: hub.hanging.is_set(), timeout=15_000)
    wait_for(driver, Stage.DOWNLOADING)
    driver.qtbot.mouseClick(dialog.rows[NAME].discard, Qt.MouseButton.LeftButton)
    quiet(driver)
    assert dialog.rows[NAME].main.text() == "Download"
    assert not incomplete_folder(NAME).exists()


def test_a_failure_is_told_in_its_row(driver: Driver, hub: Hub, dialog: ModelsDialog) -> None:
    hub.faults = [Fault("status", 500)] * 2
    click(driver, dialog)
    wait_for(driver, Stage.FAILED)
    row = dialog.rows[NAME]
    assert "trouble of its own (500)" in row.status.text()
    assert row.status.property("failed") is True
    click(driver, dialog)  # try again
    wait_for(driver, Stage.CHECKING)
    answer(driver)
    quiet(driver)


def test_one_after_the_other(driver: Driver, hub: Hub, dialog: ModelsDialog) -> None:
    hub.repos["hustvl/Moebius"]["ft_ffhq/diffusion_pytorch_model.bin"] = b"f"
    hub.faults = [Fault("hang", after=10)]
    click(driver, dialog)
    driver.qtbot.waitUntil(lambda: hub.hanging.is_set(), timeout=15_000)
    click(driver, dialog, "moebius-ft_ffhq")
    assert dialog.rows["moebius-ft_ffhq"].status.text() == "Waiting…"
    click(driver, dialog)  # the first pauses, the second goes on
    wait_for(driver, Stage.CHECKING, "moebius-ft_ffhq")
    assert driver.window.models.library.state(NAME).stage is Stage.PAUSED
    answer(driver)
    quiet(driver)


def test_a_gated_model_shows_its_licence_and_asks_for_a_token(
    driver: Driver, hub: Hub, dialog: ModelsDialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.token = "hf_right"
    flux = "flux-1-fill-dev"
    asked: list[str] = []

    def agree(_parent: object, model: downloads.KnownModel) -> bool:
        asked.append(model.licence)
        return True

    monkeypatch.setattr(models_dialog, "ask_licence", agree)
    assert "Non-Commercial" in dialog.rows[flux].facts.text()
    click(driver, dialog, flux)
    wait_for(driver, Stage.FAILED, flux)
    assert asked == ["FLUX.1 [dev] Non-Commercial License"]
    assert "Accept its licence" in dialog.rows[flux].status.text()
    assert dialog.network.unfolded
    assert dialog.token.echoMode() is QLineEdit.EchoMode.Password
    dialog.token.setText("hf_right")
    click(driver, dialog, flux)
    wait_for(driver, Stage.CHECKING, flux)
    answer(driver)
    quiet(driver)
    stored = Path(driver.window.settings._store.fileName())
    driver.window.settings._store.sync()
    assert "hf_right" not in stored.read_text()


def test_an_import_from_disk_is_told(
    driver: Driver, dialog: ModelsDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models_dialog, "ask_model_file", lambda *_arguments: tmp_path / "weights.bin")
    dialog.take_in.menu().actions()[0].trigger()
    driver.qtbot.waitUntil(lambda: bool(driver.engine.imports))
    assert dialog.told.text().startswith("Reading and checking weights.bin")
    assert driver.engine.imports == [(str(tmp_path / "weights.bin"), "")]
    driver.engine.imported.emit(ImportFailed(1, "weights.bin does not fit this model; missing: a.", "trace"))
    quiet(driver)
    assert dialog.told.text() == "weights.bin does not fit this model; missing: a."
    assert dialog.told.property("failed") is True


def test_a_model_is_removed_after_a_question(
    driver: Driver, dialog: ModelsDialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = models_folder() / "mine"
    folder.mkdir(parents=True)
    (folder / "source.json").write_text('{"title": "My own"}')
    driver.window.models.library.look()
    quiet(driver)
    assert "holds no checkpoint" in dialog.rows["mine"].status.text()
    answers = [False, True]
    monkeypatch.setattr(models_dialog, "ask_remove", lambda _parent, title: title == "My own" and answers.pop(0))
    click(driver, dialog, "mine")
    quiet(driver)
    assert folder.exists()
    click(driver, dialog, "mine")
    quiet(driver)
    assert not folder.exists()
    assert "mine" not in dialog.rows


def test_mirror_and_proxy_are_remembered(driver: Driver, dialog: ModelsDialog) -> None:
    dialog.mirror.setText(" https://mirror.example ")
    dialog.mirror.editingFinished.emit()
    dialog.proxy.setText("http://proxy:8080")
    dialog.proxy.editingFinished.emit()
    network = driver.window.models.library.network()
    assert (network.endpoint, network.proxy, network.token) == ("https://mirror.example", "http://proxy:8080", "")


def test_the_dialog_is_shown_once(driver: Driver, dialog: ModelsDialog) -> None:
    driver.window.actions_.models.trigger()
    assert len(driver.window.findChildren(ModelsDialog)) == 1


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "2 kB"), (999_600, "1 MB"), (1_072_000_000, "1.1 GB")],
)
def test_sizes(count: int, text: str) -> None:
    assert size_text(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 s"), (54, "54 s"), (70, "1 min"), (5000, "83 min"), (7200, "2.0 h")]
)
def test_times(seconds: float, text: str) -> None:
    assert time_text(seconds) == text


def test_progress_in_words() -> None:
    assert progress_text(Progress(5_000_000, 1_000_000_000, 2_000_000, 497.5)) == "5 MB of 1.0 GB · 2 MB/s · 8 min left"
