"""``moebius models`` against a hub on this machine: what is listed, fetched, paused, refused, verified and removed."""

from __future__ import annotations

import io
import json
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderTiny

from app.cli import main
from inference.models.folders import incomplete_folder, installed_models, models_folder
from tests.oracles.hub_server import Fault, Hub, serve, unpin

NAME = "moebius-ft_places2"
CHECKPOINT = "ft_places2/diffusion_pytorch_model.bin"
Capture = pytest.CaptureFixture[str]


pytestmark = pytest.mark.usefixtures("small_networks")


@pytest.fixture
def hub(published: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    unpin(monkeypatch)
    with serve() as hub:
        hub.repos["hustvl/Moebius"] = {CHECKPOINT: (published / CHECKPOINT).read_bytes()}
        vae = "vae/diffusion_pytorch_model.bin"
        hub.repos["hustvl/PixelHacker"] = {vae: (published / vae).read_bytes()}
        yield hub


def answer(capsys: Capture, *arguments: str) -> dict[str, Any]:
    """What a command that works prints with ``--json``."""
    capsys.readouterr()
    assert main(["models", *arguments, "--json"]) == 0
    values: dict[str, Any] = json.loads(capsys.readouterr().out)
    return values


def fetch(hub: Hub, name: str = NAME, *more: str) -> int:
    return main(["models", "download", name, "--mirror", hub.url, *more])


def test_the_list_uses_no_network(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        pytest.fail("a connection was made")

    monkeypatch.setattr("socket.socket.connect", refuse)
    usage = shutil.disk_usage("/")
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage)
    found = answer(capsys)
    assert found == answer(capsys, "list")
    assert main(["models", "--json", "list"]) == 0
    assert json.loads(capsys.readouterr().out) == found
    assert [model["name"] for model in found["installed"]] == ["moebius-nano"]
    assert len(found["available"]) == 11 and all(model["licence"] and model["source"] for model in found["available"])
    assert main(["models"]) == 0
    printed = capsys.readouterr().out
    assert (
        "moebius-nano  (" in printed
        and "about 1.1 GB, Apache-2.0 (github.com/hustvl/Moebius), MIT (huggingface.co/hustvl/Moebius)" in printed
    )


def test_a_model_from_the_hub_to_its_removal(hub: Hub, capsys: Capture) -> None:
    assert fetch(hub) == 0
    printed = capsys.readouterr()
    assert f"--model {NAME}" in printed.out and " of " in printed.err
    assert [model["name"] for model in answer(capsys)["installed"]] == ["moebius-nano", NAME]
    assert [model["ok"] for model in answer(capsys, "verify")["models"]] == [True, True]
    hub.requests.clear()
    assert fetch(hub) == 0  # is there already
    assert hub.requests == [] and "installed already" in capsys.readouterr().out
    assert answer(capsys, "remove", NAME)["name"] == NAME
    assert installed_models() == [] and not (models_folder() / "vae").exists()


def test_the_decoder_of_previews_is_installed_but_is_no_model(hub: Hub, capsys: Capture, tmp_path: Path) -> None:
    torch.save(AutoencoderTiny().half().state_dict(), tmp_path / "tiny.bin")
    decoder = {"diffusion_pytorch_model.bin": (tmp_path / "tiny.bin").read_bytes(), "config.json": b"{}"}
    hub.repos["madebyollin/taesdxl"] = decoder
    assert fetch(hub) == 0
    assert fetch(hub, "taesdxl") == 0
    assert "draws the steps of the published models" in capsys.readouterr().out
    assert [model["name"] for model in answer(capsys)["installed"]] == ["moebius-nano", NAME, "taesdxl"]
    assert [model["ok"] for model in answer(capsys, "verify")["models"]] == [True] * 3
    assert installed_models() == [NAME]
    assert main(["erase", "a.png", "b.png", "-o", "c.png", "--model", "taesdxl"]) == 2
    answer(capsys, "remove", "taesdxl")
    assert installed_models() == [NAME] and (models_folder() / "vae").exists()


def test_ctrl_c_pauses_and_the_same_command_goes_on(hub: Hub, capsys: Capture) -> None:
    size = len(hub.repos["hustvl/Moebius"][CHECKPOINT])
    hub.faults = [Fault("cut", after=size // 2), Fault("hang", after=10)]

    def press() -> None:
        assert hub.hanging.wait(10)
        signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    pressing = threading.Thread(target=press)
    pressing.start()
    assert fetch(hub) == 130
    pressing.join()
    assert signal.getsignal(signal.SIGINT) == before
    assert "Paused" in capsys.readouterr().err
    (begun,) = answer(capsys)["begun"]
    assert begun["name"] == NAME and size // 2 <= begun["arrived"] < size
    hub.release.set()
    assert fetch(hub) == 0
    assert any(asked.startswith("bytes=") for asked in hub.ranges())
    assert installed_models() == [NAME]


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        ([Fault("status", 404)], "404"),
        ([Fault("status", 401)], "licence"),
        ([Fault("status", 429, headers={"Retry-After": "3600"})], "asks to wait"),
        ([Fault("wrong bytes")], "damaged"),
        ([Fault("longer")], "longer than the hub states"),
    ],
)
def test_a_failing_download_is_one_line(hub: Hub, capsys: Capture, faults: list[Fault], words: str) -> None:
    hub.faults = faults
    assert fetch(hub) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("moebius: ")]
    assert words in line
    assert installed_models() == []


def test_what_does_not_fit_is_refused_and_forgotten(hub: Hub, capsys: Capture) -> None:
    hub.repos["hustvl/Moebius"][CHECKPOINT] = b"no checkpoint at all"
    assert fetch(hub) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("moebius: ")
    assert installed_models() == [] and not incomplete_folder(NAME).exists()


def test_what_was_begun_can_be_given_up(hub: Hub, capsys: Capture) -> None:
    hub.faults = [Fault("status", 404)]
    assert fetch(hub) == 2
    answer(capsys, "remove", NAME)
    assert not incomplete_folder(NAME).exists()


def test_a_licence_that_forbids_is_shown_first(hub: Hub, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))  # not from a terminal: no answer to a question
    assert fetch(hub, "flux-1-fill-dev") == 2
    printed = capsys.readouterr().err
    assert "Non-Commercial" in printed and "--accept-licence" in printed and hub.requests == []
    assert fetch(hub, "flux-1-fill-dev", "--accept-licence") == 2
    assert hub.requests != []


def test_import_from_disk(published: Path, capsys: Capture) -> None:
    assert answer(capsys, "import", str(published / "ft_places2"))["name"] == NAME
    assert installed_models() == [NAME]
    assert main(["models", "import", str(published / "ft_places2")]) == 2
    assert "already" in capsys.readouterr().err
    assert main(["models", "import", str(published / "nowhere")]) == 2


def test_damage_is_found(published: Path, capsys: Capture) -> None:
    answer(capsys, "import", str(published / "ft_places2"))
    file = models_folder() / NAME / "diffusion_pytorch_model.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    assert main(["models", "verify"]) == 1
    assert f"{NAME}: damaged: {file.name}; remove it and fetch it again" in capsys.readouterr().out
    assert main(["models", "verify", "nothing"]) == 2
    file.unlink()
    assert "no checkpoint" in next(model["fault"] for model in answer(capsys)["installed"] if model["name"] == NAME)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("download", "nothing"), "there are: moebius-pretrained"),
        (("remove", "moebius-nano"), "comes with the program"),
        (("remove", "nothing"), "no installed model"),
    ],
)
def test_names_that_are_not_there(capsys: Capture, arguments: tuple[str, ...], words: str) -> None:
    assert main(["models", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line


def test_a_model_that_comes_with_the_program_is_there(capsys: Capture) -> None:
    assert "installed already" in answer(capsys, "download", "moebius-nano")["message"]
