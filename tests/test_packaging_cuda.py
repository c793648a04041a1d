"""The package for graphics cards: the environment it is made in, and which of NVIDIA's libraries go into it."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from resources.packaging import __main__ as building
from resources.packaging import contents, cuda, cuda_libraries, deb, libraries, licences, stand_ins, trim

PINNED = "tifffile==2026.3.3\ntorch-fidelity==0.4.0\ntorch==2.13.0\ntorchvision==0.28.0\n"


class Runs:
    """Stands for ``subprocess.run``: notes the commands; the torch that runs is made for no card."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []
        self.has_cuda = True  # the environment that is made

    def __call__(self, command: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        self.commands.append(command)
        failed = "sys.exit" in command[-1] and not self.has_cuda
        return subprocess.CompletedProcess(command, int(failed), stdout="")


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Runs:
    found = Runs()
    monkeypatch.setattr(building, "BUILD", tmp_path)
    monkeypatch.setattr(subprocess, "run", found)
    return found


def build(monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    monkeypatch.setattr(sys, "argv", ["packaging", *options])
    return building.main()


def test_it_is_made_in_an_environment_of_its_own(runs: Runs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert build(monkeypatch, "--cuda", "--cuda-index", "https://example.org/cuda", "--quick") == 0
    asked, venv, install, check, again = runs.commands
    python = install[0]
    assert venv[1:3] == ["-m", "venv"] and python.startswith(str(tmp_path / "cuda"))
    assert install[install.index("--index-url") + 1] == "https://example.org/cuda" and "torch" in asked[-1]
    assert install[install.index("-c") + 1] == str(cuda.CONSTRAINTS)
    assert check[0] == again[0] == python and again[-2:] == ["--cuda", "--quick"]


def test_another_torch_than_the_pinned_one_can_be_chosen(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    assert build(monkeypatch, "--cuda", "--torch", "2.14.1", "--folder-only", "--whole") == 0
    install, again = runs.commands[1], runs.commands[-1]
    pins = Path(install[install.index("-c") + 1]).read_text(encoding="utf-8").splitlines()
    before = cuda.CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    assert [line for line in pins if line not in before] == ["torch==2.14.1"]
    assert len(pins) == len(before)
    assert again[-3:] == ["--cuda", "--folder-only", "--whole"]


def test_only_torchs_line_changes() -> None:
    assert cuda.constraints(PINNED, "2.14.1") == PINNED.replace("torch==2.13.0", "torch==2.14.1")


@pytest.mark.parametrize(("pinned", "version"), [(PINNED, "newest"), (PINNED, "2.14\nrm"), ("numpy==2.4\n", "2.14.1")])
def test_what_is_no_version_or_pins_no_torch_is_refused(pinned: str, version: str) -> None:
    with pytest.raises(ValueError, match="torch"):
        cuda.constraints(pinned, version)


def test_a_version_that_is_none_ends_it_with_a_sentence(
    runs: Runs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build(monkeypatch, "--cuda", "--torch", "newest") == 1
    assert "is no version of torch" in capsys.readouterr().out
    assert runs.commands == []


def test_where_pip_finds_torch_for_no_card_it_says_what_to_name(
    runs: Runs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runs.has_cuda = False
    assert build(monkeypatch, "--cuda") == 1
    said = capsys.readouterr().out
    assert "no torch for NVIDIA's cards" in said and "--cuda-index" in said and "--torch" in said
    assert "PyInstaller" not in str(runs.commands)


@pytest.mark.parametrize("options", [("--torch", "2.14.1"), ("--whole",)])
def test_choices_for_cards_are_refused_without_cuda(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit):
        build(monkeypatch, *options)
    assert "--cuda" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "goes"),
    [
        ("nvidia/cudnn/lib/libcudnn_adv.so.9", False),
        ("nvidia/cudnn/lib/libcudnn_ext.so.9", False),
        ("nvidia/cudnn/lib/libcudnn_graph.so.9", True),
        ("nvidia/cudnn/lib/libcudnn_engines_tensor_ir.so.9", True),
        ("nvidia/cublas/include/cublas.h", False),
        ("nvidia/cublas/lib/libcublas.so.12", True),
        ("nvidia/cu13/lib/libcublasLt.so.13", True),
        ("nvidia/cu13/lib/libcusolver.so.12", False),
        ("nvidia/cu13/lib/libnvJitLink.so.13", False),
        ("nvidia/cuda_runtime/lib/libcudart_static.a", False),
        ("torch/lib/libtorch_cuda.so", True),
        ("torch/lib/libtorch_cuda_linalg.so", False),
    ],
)
def test_of_nvidias_packages_only_what_runs_goes_along(path: str, goes: bool) -> None:
    assert (contents.is_unwanted(path) or cuda_libraries.is_unreached(path)) is not goes


def test_what_others_load_by_name_is_gathered(tmp_path: Path) -> None:
    names = ("cudnn/lib/libcudnn_ops.so.9", "cu13/lib/libnvrtc-builtins.so.13.0", "cu13/lib/libcufft.so.12")
    for name in names:
        path = tmp_path / "nvidia" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = {(Path(source).name, folder) for source, folder in cuda_libraries.loaded_by_name(tmp_path)}
    assert found == {
        ("libcudnn_ops.so.9", "nvidia/cudnn/lib"),
        ("libnvrtc-builtins.so.13.0", "nvidia/cu13/lib"),
    }
    assert cuda_libraries.loaded_by_name(tmp_path / "none") == []


@pytest.mark.skipif(sys.platform != "linux" or not stand_ins.possible(), reason="there is no C compiler")
@pytest.mark.parametrize("whole", [False, True])
def test_a_library_that_is_linked_and_not_called_is_emptied(tmp_path: Path, whole: bool) -> None:
    site = tmp_path / "site"
    transform, torch = site / "nvidia/cu13/lib/libcufft.so.12", site / "torch/lib/libtorch_cuda.so"
    for path, code in {transform: "int cufftCreate(void) { return 0; }", torch: "int cufftCreate(void);"}.items():
        path.parent.mkdir(parents=True)
        source = path.with_suffix(".c")
        source.write_text(code + " int made(void) { return cufftCreate(); }\n", encoding="ascii")
        also = [str(transform), f"-Wl,-rpath,{transform.parent}"] if path == torch else []
        command = ["cc", "-shared", "-fPIC", "-nostdlib", "-o", str(path), str(source), *also]
        subprocess.run([*command, f"-Wl,-soname,{path.name}"], check=True)
    entries = [(str(path.relative_to(site)), str(path), "BINARY") for path in (transform, torch)]
    entries.append(("nvidia/cu13/lib/libcusolver.so.12", "/nowhere", "BINARY"))
    trimmed = {target: source for target, source, _ in trim.trimmed(entries[: 3 - whole], tmp_path / "work", whole)}
    assert set(trimmed) == {entries[0][0], entries[1][0]}
    assert (trimmed[entries[0][0]] == str(transform)) is whole
    assert ctypes.CDLL(trimmed[entries[0][0]]).cufftCreate() == (0 if whole else 1)


@pytest.mark.skipif(not stand_ins.possible(), reason="there is no C compiler")
def test_the_graphics_drivers_library_is_no_part_of_the_system(tmp_path: Path) -> None:
    linked = ["cc", "-shared", "-nostdlib", "-Wl,--no-as-needed"]
    empty = [*linked, "-x", "c", "/dev/null", "-Wl,-soname,libcuda.so.1", "-o", "libcuda.so.1"]
    for command in (empty, [*linked, "libcuda.so.1", "-o", "libuser.so"]):
        subprocess.run(command, check=True, cwd=tmp_path)
    (tmp_path / "libcuda.so.1").unlink()
    assert stand_ins.needed(tmp_path / "libuser.so") == ["libcuda.so.1"]
    assert libraries.unknown(libraries.wants(tmp_path)) == {}


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="there is no dpkg-deb")
@pytest.mark.parametrize("kind", ["", "-cuda"])
def test_debians_package_for_cards_takes_the_place_of_the_other(tmp_path: Path, kind: str) -> None:
    program = tmp_path / "moebius" / "moebius-gui"
    program.parent.mkdir()
    program.write_bytes(b"program")
    target = tmp_path / "made.deb"
    deb.make(program.parent, libraries.Wants({}, {}), "1.2", tmp_path / "work", target, 1, kind)
    command = ["dpkg-deb", "--field", str(target), "Package", "Version", "Conflicts", "Provides"]
    fields = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    others = ["Conflicts: moebius", "Provides: moebius"] if kind else []
    assert sorted(fields) == sorted([f"Package: moebius{kind}", "Version: 1.2", *others])
    files = subprocess.run(["dpkg-deb", "--contents", str(target)], check=True, capture_output=True, text=True).stdout
    assert "./usr/lib/moebius/moebius-gui\n" in files and f"./usr/share/doc/moebius{kind}/copyright\n" in files


def test_licences_are_of_what_lies_in_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site, inner = tmp_path / "site", tmp_path / "made" / "_internal"
    names = {"nvidia_one": "libone.so", "nvidia_two": "libtwo.so", "nvidia_three": "libthree.so"}
    for name, library in names.items():
        for folder, text in ((site / "nvidia/lib", "as it came"), (site / f"{name}-1.dist-info", "")):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / (library if text else "RECORD")).write_text(text or f"nvidia/lib/{library},,\n")
        (site / f"{name}-1.dist-info" / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (inner / "nvidia/lib").mkdir(parents=True)
    (inner / "nvidia/lib/libone.so").write_text("as it came")
    (inner / "nvidia/lib/libtwo.so").write_text("empty")
    (inner / "nvidia/lib/libthree.so").write_text("as it came")
    homes = {"nvidia": ["nvidia_one", "nvidia_two"], "nvidia/lib": ["nvidia_three"], "other": ["other"]}
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setattr(metadata, "packages_distributions", lambda: homes)
    assert licences._distributions(inner.parent) == {"nvidia_one", "nvidia_three"}
