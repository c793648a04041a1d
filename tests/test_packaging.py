"""What the package takes along and leaves out fits the program, checked without building it."""

from __future__ import annotations

import ast
import configparser
import ctypes
import importlib.util
import inspect
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import inference
from app.document.formats.files import OPEN_FORMATS
from app.installation import FILES, MODULES, PLUGINS
from resources.packaging import contents, deb, libraries, licences, sizes, stand_ins, trim

ROOT = contents.ROOT
SOURCES = [path for package in contents.PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
LINUX = ROOT / "resources/packaging/linux"


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def imported(path: Path) -> set[str]:
    """Everything a file imports, at its top or within functions, as modules and as names that may be modules."""
    found: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_nothing_the_program_imports_is_left_out() -> None:
    missing = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in SOURCES
        for name in imported(path)
        if contents.is_excluded(name) and not name.startswith(contents.OPTIONAL)
    }
    assert not missing, "take it out of EXCLUDES in resources/packaging/contents.py"


def test_modules_looked_up_by_name_are_known() -> None:
    known = contents.hidden_imports()
    assert set(known) >= {f"inference.{name}" for name in inference._HOMES}
    assert len(known) == len(set(known))
    assert [name for name in known if contents.is_excluded(name)] == []
    assert [name for name in contents.HIDDEN_IMPORTS if importlib.util.find_spec(name) is None] == []


def test_what_the_selftest_imports_goes_along() -> None:
    assert [name for name in MODULES if contents.is_excluded(name)] == []


def test_the_program_works_without_what_is_left_out() -> None:
    program = inspect.getsource(without) + f"\nwithout({contents.EXCLUDES!r}, {contents.SOURCES!r})\n"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [sys.executable, "-W", "error:Unable to retrieve source", "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["erased", "erased", "erased", "decoded"]


def without(excluded: tuple[str, ...], sources: tuple[str, ...]) -> None:
    """Hides modules and sources as they are hidden in the package, then uses what the program uses of torch."""
    import inspect
    import sys
    from importlib.machinery import PathFinder

    class Hiding(PathFinder):
        @classmethod
        def find_spec(cls, fullname, path=None, target=None):  # type: ignore[no-untyped-def]
            hidden = any(fullname == name or fullname.startswith(f"{name}.") for name in excluded)
            return None if hidden else super().find_spec(fullname, path, target)

    sys.meta_path[sys.meta_path.index(PathFinder)] = Hiding
    find_source = inspect.findsource

    def hidden_source(thing, *more):  # type: ignore[no-untyped-def]
        file = (inspect.getsourcefile(thing) or "").replace("\\", "/")
        if not file.endswith(tuple(f"/{name.replace('.', '/')}.py" for name in sources)):
            raise OSError("could not get source code")
        return find_source(thing, *more)

    inspect.findsource = hidden_source

    import numpy as np
    import torch
    from diffusers import AutoencoderKL

    import app.ui.window.application  # noqa: F401
    from inference import ErasePipeline
    from inference.models.loading import _SDXL_VAE

    picture = np.random.default_rng(1).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    mask = np.zeros((96, 96), np.uint8)
    mask[40:56, 40:56] = 255
    pipeline = ErasePipeline.load("moebius-nano")
    for solver in ("ddim", "dpm++", "unipc"):
        erased = pipeline.erase(picture, mask, solver=solver, steps=3, strength=0.9, context=256)
        print("erased" if (erased != picture).any() else "not erased")
    autoencoder = AutoencoderKL(**{**_SDXL_VAE, "block_out_channels": (32, 32, 32, 32)})
    autoencoder.enable_slicing()
    with torch.no_grad():
        latents = autoencoder.encode(torch.zeros(2, 3, 32, 32)).latent_dist.mean
        print("decoded" if autoencoder.decode(latents).sample.shape == (2, 3, 32, 32) else "not decoded")


def test_resources_that_are_read_go_along() -> None:
    read = set()
    for path in SOURCES:
        found = re.findall(r"resources\.path\(\s*\"([^\"]+)\"", path.read_text(encoding="utf-8"))
        read |= set(found)
    assert read
    assert read | {name.partition("/")[0] for name in FILES} <= set(contents.DATA)
    for source, target in contents.data():
        assert Path(source).exists()
        assert target.startswith("resources")


def test_versions_looked_up_at_run_time_can_be_found() -> None:
    for name in contents.METADATA:
        assert metadata.version(name)
    looked_up = {name for path in SOURCES for name in re.findall(r"metadata\.version\(\"(.+?)\"\)", path.read_text())}
    assert looked_up <= set(contents.METADATA)


def test_functions_of_opencv_are_those_that_need_none_of_what_is_left_out() -> None:
    called = set()
    for path in SOURCES:
        for node in nodes(path):
            if isinstance(node, ast.Call) and re.fullmatch(r"cv2\.\w+", name := ast.unparse(node.func)):
                called.add(name.partition(".")[2])
    new = called - contents.OPENCV_FUNCTIONS
    assert not new, "add it to OPENCV_FUNCTIONS, once you know that it uses neither BLAS nor video"


def test_every_program_begins_with_freeze_support() -> None:
    for script in contents.SCRIPTS.values():
        tree = ast.parse((ROOT / script).read_text(encoding="utf-8"))
        bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "main"]
        bodies += [node.body for node in tree.body if isinstance(node, ast.If)]
        firsts = [ast.unparse(next(n for n in body if not is_text(n))) for body in bodies]
        assert "multiprocessing.freeze_support()" in firsts, script


def is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def test_the_recipe_is_python_and_names_the_hooks() -> None:
    spec = (ROOT / "moebius_gui.spec").read_text(encoding="utf-8")
    ast.parse(spec)
    for name in ("hook-torch.py", "start.py"):
        ast.parse((ROOT / "resources/packaging/hooks" / name).read_text(encoding="utf-8"))
    assert "start.py" in spec


@pytest.mark.parametrize("plugin", [name for names in PLUGINS.values() for name in names])
def test_what_the_selftest_wants_of_qt_goes_along(plugin: str) -> None:
    assert not contents.is_unwanted(f"PySide6/Qt/plugins/{plugin}")


@pytest.mark.parametrize(
    ("target", "unwanted"),
    [
        ("torch/lib/libtorch_cpu.so", False),
        ("torch/bin/torch_shm_manager", False),
        ("torch/lib/libtorchbind_test.so", True),
        ("torch/bin/test_jit", True),
        ("torch/include/ATen/ATen.h", True),
        ("PySide6/Qt/lib/libQt6Quick.so.6", True),
        ("PySide6/Qt/lib/libQt6XcbQpa.so.6", False),
        ("PySide6/Qt/translations/qt_de.qm", True),
        ("PySide6/Qt/plugins/platforms/libqoffscreen.so", False),
        ("libstdc++.so.6", True),
        ("libglib-2.0.so.0", True),
        ("libxcb-cursor.so.0", False),
        ("libssl.so.3", False),
        ("pillow.libs/libxcb-9065bb12.so.1.1.0", False),
        ("resources/models/moebius-nano/unet.safetensors", False),
    ],
)
def test_files_are_chosen_by_where_they_would_lie(target: str, unwanted: bool) -> None:
    assert (contents.is_unwanted(target) or contents.is_of_system(target)) is unwanted


def test_links_to_what_is_left_out_are_left_out() -> None:
    entries = [
        ("PySide6/Qt/lib/libQt6Quick.so.6", "/x/libQt6Quick.so.6", "BINARY"),
        ("libQt6Quick.so.6", "PySide6/Qt/lib/libQt6Quick.so.6", "SYMLINK"),
        ("PySide6/Qt/lib/libQt6Core.so.6", "/x/libQt6Core.so.6", "BINARY"),
        ("libQt6Core.so.6", "PySide6/Qt/lib/libQt6Core.so.6", "SYMLINK"),
    ]
    assert trim.trimmed(entries, Path("/nowhere")) == entries[2:]


@pytest.fixture
def compiled(tmp_path: Path) -> tuple[Path, Path]:
    """A library that holds some functions and a number, and one that uses some of these."""
    if not stand_ins.possible():
        pytest.skip("there is no C compiler")
    held, user = tmp_path / "libheld.so.1", tmp_path / "libuser.so"
    (tmp_path / "held.map").write_text("HELD_1 { global: used; unused; number; };\n")
    (tmp_path / "held.c").write_text("long number = 7; int used(void) { return 1; } int unused(void) { return 2; }\n")
    (tmp_path / "user.c").write_text(
        "extern long number; int used(void); int own(void) { return 5; }\n"
        "long far(void) { return number; } int calls(void) { return used(); }\n"
    )
    shared = ["cc", "-shared", "-fPIC", "-nostdlib", "-o"]
    version = f"-Wl,--version-script,{tmp_path / 'held.map'}"
    subprocess.run([*shared, str(held), version, "-Wl,-soname,libheld.so.1", str(tmp_path / "held.c")], check=True)
    subprocess.run([*shared, str(user), str(tmp_path / "user.c"), str(held), "-Wl,-rpath,$ORIGIN"], check=True)
    return held, user


def test_an_empty_library_takes_a_real_ones_place(compiled: tuple[Path, Path], tmp_path: Path) -> None:
    held, user = compiled
    made = stand_ins.make([user], held, tmp_path / "made")
    symbols = {s.name: s for s in stand_ins.symbols(made) if s.defined}
    assert {"used", "number"} <= set(symbols)
    assert "unused" not in symbols
    assert symbols["used"].version == "HELD_1"
    assert symbols["number"].is_data
    held.write_bytes(made.read_bytes())
    assert ctypes.CDLL(str(user)).own() == 5  # the linker finds all it asks for, at once
    assert stand_ins.needed(user) == ["libheld.so.1"]


def test_an_empty_library_can_answer_that_it_failed(compiled: tuple[Path, Path], tmp_path: Path) -> None:
    held, user = compiled
    library = ctypes.CDLL(str(stand_ins.make([user], held, tmp_path / "made", fails=True)))
    assert library.used() == 1
    texts, plain = ("ncclGetErrorString", "ncclGetLastError"), ("ncclCommGetAsyncError", "cufftCreate", "_used")
    assert [bool(stand_ins.TEXTS.search(name)) for name in texts] == [True, True]
    made = [stand_ins._definition(stand_ins.Symbol(name, "", False, 0, True), True) for name in (*texts, *plain)]
    assert [stand_ins.MISSING in line for line in made] == [True, True, False, False, False]


def test_only_what_is_not_in_the_folder_is_wanted_of_the_system(compiled: tuple[Path, Path], tmp_path: Path) -> None:
    held, user = compiled
    found = libraries.wants(tmp_path)
    assert found.libraries == {}
    held.unlink()
    found = libraries.wants(tmp_path)
    assert found.libraries == {"libheld.so.1": [user.name]}
    assert libraries.unknown(found) == found.libraries


def test_packages_are_named_as_debian_writes_them() -> None:
    found = libraries.Wants(
        {"libc.so.6": ["a"], "libEGL.so.1": ["a"], "libstdc++.so.6": ["a"], "libgthread-2.0.so.0": ["b"]},
        {"GLIBC": "2.34", "GLIBCXX": "3.4.30"},
    )
    assert not libraries.unknown(found)
    assert libraries.depends(found, [("libstdc++6", deb.LIBSTDCXX["3.4.30"])]) == (
        "libc6 (>= 2.34), libegl1, libglib2.0-0, libstdc++6 (>= 12)"
    )


def test_licences_are_told_from_other_files() -> None:
    assert licences._is_licence("x-1.dist-info/licenses/LICENSE.txt")
    assert licences._is_licence("x-1.dist-info/NOTICE")
    assert not licences._is_licence("x/licence.py")
    for text in ("LGPL-3.0.txt", "GPL-3.0.txt"):
        assert "GNU" in (ROOT / "resources/packaging/licences" / text).read_text(encoding="utf-8")


def test_sizes_are_counted_by_piece(tmp_path: Path) -> None:
    for name, size in {
        "moebius": 10,
        "_internal/libz.so": 20,
        "_internal/numpy/a.so": 30,
        "_internal/numpy.libs/b.so": 40,
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(size))
    assert sizes.by_piece(tmp_path) == {"programs": 10, "python, libraries": 20, "numpy": 70}
    assert "together" in sizes.table(tmp_path)


def test_the_desktop_entry_opens_what_the_program_opens() -> None:
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str  # type: ignore[assignment, method-assign]
    entry.read(LINUX / "moebius.desktop", encoding="utf-8")
    desktop = entry["Desktop Entry"]
    assert desktop["Exec"].split()[0] in contents.SCRIPTS
    types = set(desktop["MimeType"].strip(";").split(";"))
    Image.init()
    usual = {"PNG", "JPEG", "WEBP", "TIFF", "BMP"} & set(OPEN_FORMATS)
    assert types >= {Image.MIME[name] for name in usual} | {"application/x-moebius"}


def test_the_session_files_type_is_declared() -> None:
    root = ET.fromstring((LINUX / "moebius.xml").read_text(encoding="utf-8"))
    space = {"m": "http://www.freedesktop.org/standards/shared-mime-info"}
    (kind,) = root.findall("m:mime-type", space)
    glob = kind.find("m:glob", space)
    assert kind.get("type") == "application/x-moebius"
    assert glob is not None
    assert glob.get("pattern") == "*.moebius"
    ET.fromstring((LINUX / "io.github.moebius.metainfo.xml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("icon", sorted(deb.ICONS.glob("*.png")), ids=lambda path: path.stem)
def test_icons_are_the_drawing(icon: Path) -> None:
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    side = int(icon.stem)
    drawn = QImage(side, side, QImage.Format.Format_RGBA8888)
    drawn.fill(0)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(str(ROOT / "resources/icons/moebius.svg")).render(painter)
    painter.end()
    with Image.open(icon) as opened:
        stored = np.asarray(opened.convert("RGBA"), dtype=int)
    shown = np.asarray(drawn.constBits(), dtype=int).reshape(side, drawn.bytesPerLine() // 4, 4)[:, :side]
    assert np.abs(stored - shown).mean() < 2
