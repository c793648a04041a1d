"""``moebius selftest``: what it says of a whole installation, and of one where something is wrong."""

from __future__ import annotations

import argparse
import errno
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import resources
from app import graphics_card, installation, selftest
from app.cli import main
from app.installation import Fault

Report = Callable[..., tuple[int, list[dict[str, Any]]]]


@pytest.fixture
def report(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Report:
    """The report of some checks, by the beginning of their names, or of all."""

    def run(*names: str) -> tuple[int, list[dict[str, Any]]]:
        chosen = [check for check in installation.checks() if not names or check[0].startswith(names)]
        monkeypatch.setattr(installation, "checks", lambda: chosen)
        status = selftest.run(argparse.Namespace(json=True))
        (line,) = capsys.readouterr().out.splitlines()
        printed = json.loads(line)
        assert printed["ok"] is (status == 0)
        return status, printed["findings"]

    return run


def failed(findings: list[dict[str, Any]]) -> dict[str, str]:
    return {finding["name"]: finding["text"] + " -> " + finding["advice"] for finding in findings if not finding["ok"]}


def test_a_whole_installation_passes(report: Report) -> None:
    status, findings = report()
    assert failed(findings) == {}
    assert status == 0
    names = [finding["name"] for finding in findings]
    assert {"program", "torch", "model moebius-nano", "small erase", "device", "window"} <= set(names)
    assert {"format PNG", "format JPEG", "format TIFF", "models folder", "temporary folder"} <= set(names)
    assert len(names) == len(set(names))
    assert all(finding["text"] and not finding["advice"] for finding in findings)


def test_the_report_is_lines_to_read(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def lacking() -> str:
        raise Fault("A is missing.", "Fetch an A.")

    monkeypatch.setattr(installation, "checks", lambda: [("fine", lambda: "as it\nshould be"), ("a", lacking)])
    assert main(["selftest"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["ok", "fine", "as", "it", "should", "be"]
    assert lines[1].split() == ["FAILED", "a", "A", "is", "missing."]
    assert lines[2].strip() == "-> Fetch an A."
    assert lines[-1].startswith("1 of 2 checks failed")
    monkeypatch.setattr(installation, "checks", lambda: [("fine", lambda: "well")])
    assert main(["selftest"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "All 1 checks passed."


def test_a_check_that_breaks_is_a_finding(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks() -> str:
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr(installation, "program", breaks)
    status, findings = report("program")
    assert status == 1
    assert failed(findings) == {"program": f"ZeroDivisionError: by nought -> {selftest.ATTACH}"}


def test_neither_home_nor_user_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = tmp_path / "anna"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "anna")
    assert selftest.impersonal(f"in {home}/Pictures and {home}") == "in ~/Pictures and ~"
    assert selftest.impersonal("/media/anna/usb") == "/media/USER/usb"
    assert selftest.impersonal(f"{home}-maria/x") == f"{home}-maria/x".replace(str(home), f"{tmp_path}/USER")
    assert selftest.impersonal("savanna/anna.png, anna") == "savanna/USER.png, anna"


def test_a_report_names_no_home(report: Report, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    _, findings = report("models folder", "settings folder")
    assert all(str(tmp_path) not in finding["text"] for finding in findings)
    assert all("~" in finding["text"] for finding in findings)


def test_a_library_the_system_lacks_is_named_with_its_package(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(name: str) -> object:
        raise ImportError("libEGL.so.1: cannot open shared object file: No such file or directory")

    monkeypatch.setattr(installation, "importlib", SimpleNamespace(import_module=fails, util=None))
    status, findings = report("cv2")
    assert status == 1
    assert "sudo apt-get install libegl1" in failed(findings)["cv2"]


@pytest.mark.parametrize(("packaged", "advice"), [(True, "Install the program again"), (False, "make run")])
def test_a_missing_module_is_said(report: Report, monkeypatch: pytest.MonkeyPatch, packaged: bool, advice: str) -> None:
    monkeypatch.setattr(sys, "frozen", packaged, raising=False)
    monkeypatch.setitem(sys.modules, "filelock", None)
    _, findings = report("filelock")
    assert "filelock can't be loaded" in failed(findings)["filelock"]
    assert advice in failed(findings)["filelock"]


def test_what_needs_torch_is_not_tried_without_it(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("torch", "diffusers"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    _, findings = report("diffusers", "device", "small erase")
    assert failed(findings) == {
        "diffusers": "Not looked at, as torch can't be loaded. -> See torch above.",
        "device": "Not looked at, as torch can't be loaded. -> See torch above.",
        "small erase": "Not looked at, as diffusers can't be loaded. -> See diffusers above.",
    }


def test_a_damaged_or_missing_model_is_found(report: Report, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    models = tmp_path / "models"
    shutil.copytree(resources.path("models"), models)
    monkeypatch.setattr("inference.models.catalogue.BUNDLED", models)
    weights = models / "moebius-nano" / "unet.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    status, findings = report("model")
    assert status == 1
    assert "unet.safetensors is not the file it should be" in failed(findings)["model moebius-nano"]
    shutil.rmtree(models)
    _, findings = report("model moebius")
    assert "model moebius-nano" in failed(findings)


def test_missing_files_are_named(report: Report, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "icons").mkdir()
    monkeypatch.setattr(resources, "ROOT", tmp_path)
    _, findings = report("shipped files")
    assert "icons/moebius.svg, theme, samples/rocket.jpg" in failed(findings)["shipped files"]


class Erasing:
    """A pipeline that answers what it is told to."""

    def __init__(self, answer: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
        self._answer = answer

    def erase(self, picture: np.ndarray, mask: np.ndarray, **_: object) -> np.ndarray:
        return self._answer(picture, mask)

    def affected(self, mask: np.ndarray) -> np.ndarray:
        return mask > 0


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda picture, mask: picture ^ 1, "changed pixels outside its mask"),
        (lambda picture, mask: picture.copy(), "left the picture as it was"),
    ],
)
def test_a_wrong_erase_is_found(
    report: Report, monkeypatch: pytest.MonkeyPatch, answer: Callable[..., np.ndarray], said: str
) -> None:
    import diffusers  # noqa: F401

    monkeypatch.setattr("inference.erase.pipeline.ErasePipeline.load", lambda *_, **__: Erasing(answer))
    status, findings = report("small erase")
    assert status == 1
    assert said in failed(findings)["small erase"]


def test_a_format_that_loses_colours_is_found(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.document import formats

    read = formats.read_picture

    def darker(path: Path) -> object:
        picture = read(path)
        picture.pixels[..., 0] = 0
        return picture

    monkeypatch.setattr(formats, "read_picture", darker)
    status, findings = report("format PNG", "format JPEG")
    assert status == 1
    assert set(failed(findings)) == {"format PNG", "format JPEG"}
    assert "other colours" in failed(findings)["format PNG"]


def test_a_format_that_cannot_be_written_is_found(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.document.errors import DocumentError

    def refuses(*_: object, **__: object) -> None:
        raise DocumentError("No encoder.")

    monkeypatch.setattr("app.document.formats.write_picture", refuses)
    _, findings = report("format WEBP")
    assert "No encoder." in failed(findings)["format WEBP"]


def test_formats_that_cannot_be_loaded_are_a_finding(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "app.document.formats", None)
    status, findings = report("format")
    assert status == 1
    assert "Pictures can't be opened" in failed(findings)["formats"]


def test_a_folder_without_the_right_to_write_is_found(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("tempfile.NamedTemporaryFile", denied)
    _, findings = report("models folder", "settings folder", "temporary folder")
    assert set(failed(findings)) == {"models folder", "settings folder", "temporary folder"}
    assert "Give yourself the right to write there" in failed(findings)["models folder"]


def test_a_full_disk_is_found(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=100 << 20))
    _, findings = report("temporary folder")
    assert "Only 100 MB are free" in failed(findings)["temporary folder"]
    assert "Make room" in failed(findings)["temporary folder"]


def test_no_folder_for_temporary_files_is_found(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr("tempfile.gettempdir", none)
    _, findings = report("temporary folder")
    assert "TMPDIR" in failed(findings)["temporary folder"]


def test_a_window_without_its_plugins_is_found(report: Report, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "PySide6").mkdir()
    origin = tmp_path / "PySide6" / "__init__.py"
    monkeypatch.setattr("importlib.util.find_spec", lambda name: SimpleNamespace(origin=str(origin)))
    _, findings = report("window")
    assert "Qt's plug-ins are missing" in failed(findings)["window"]
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    _, findings = report("window")
    assert "PySide6, which the window is made with, is not installed" in failed(findings)["window"]


@pytest.mark.skipif(sys.platform != "linux", reason="the linker of Linux is asked")
def test_a_library_qt_lacks_is_named_with_its_package(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(path: str) -> None:
        raise OSError("libxcb-cursor.so.0: cannot open shared object file: No such file or directory")

    monkeypatch.setattr("ctypes.CDLL", fails)
    _, findings = report("window")
    assert "libqxcb.so can't be loaded" in failed(findings)["window"]
    assert "sudo apt-get install libxcb-cursor0" in failed(findings)["window"]


def test_the_window_is_looked_at_without_starting_qt() -> None:
    import subprocess

    program = (
        "import sys, ctypes; ctypes.CDLL = lambda path: None\n"
        "from app.installation import window; window()\n"
        "sys.exit(any(name.split('.')[0] in ('PySide6', 'qasync') for name in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=resources.ROOT.parent)


def test_a_card_that_is_not_used_is_named_with_what_would_use_it(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inference.models.devices.nvidia_cards", lambda: ["NVIDIA RTX 3060"])
    monkeypatch.setattr("inference.models.devices._present", lambda name: False)
    monkeypatch.setattr("torch.version.cuda", None)
    _, findings = report("device")
    (text,) = (finding["text"] for finding in findings)
    assert "present: cpu. NVIDIA RTX 3060 is here" in text and "moebius-cuda" in text


def test_a_damaged_part_of_cudnn_is_named(report: Report, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import torch

    monkeypatch.setitem(sys.modules, "torch", torch)
    spec = SimpleNamespace(origin=str(tmp_path / "torch" / "__init__.py"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: spec)
    assert graphics_card.libraries() == ""
    part = tmp_path / "nvidia" / "cudnn" / "lib" / "libcudnn_graph.so.9"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"no library")
    _, findings = report("graphics libraries")
    assert "libcudnn_graph.so.9" in failed(findings)["graphics libraries"]
