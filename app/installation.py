"""What an installation must have to work: each thing looked at by a function that says what it found.

A function answers one line, or raises :class:`Fault` with what is wrong and what to do about it. No Qt.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import json
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import resources
from app import graphics_card
from app.document.errors import DocumentError
from app.version import program_version

Check = Callable[[], str]

# By the name they are imported by: what the program can't do without, but for Qt and for diffusers, which needs torch.
MODULES = (
    "numpy",
    "PIL",
    "cv2",
    "patchmatch",
    "torch",
    "safetensors",
    "huggingface_hub",
    "httpx2",
    "filelock",
    "platformdirs",
    "tifffile",
)
FILES = ("icons/moebius.svg", "theme", "samples/rocket.jpg", "samples/rocket-mask.png", "models")
FREE_MB = 500  # below it saving a large picture, or what undo keeps on the disk, may fail
LOSSLESS = ("PNG", "TIFF", "BMP")
PLUGINS = {
    "linux": ("platforms/libqxcb.so", "platforms/libqwayland.so", "iconengines/libqsvgicon.so"),
    "win32": ("platforms/qwindows.dll", "iconengines/qsvgicon.dll"),
    "darwin": ("platforms/libqcocoa.dylib", "iconengines/libqsvgicon.dylib"),
}


class Fault(Exception):
    """Something that is not as it should be, and what to do about it."""

    def __init__(self, text: str, advice: str) -> None:
        super().__init__(text)
        self.advice = advice


def is_packaged() -> bool:
    """Whether this is the program as it is installed from a package, not a checkout."""
    return bool(getattr(sys, "frozen", False))


def install_again() -> str:
    """What to do where a part of the program itself is missing or damaged."""
    if is_packaged():
        return "Install the program again: a part of its folder is missing or damaged."
    return 'Set the program up again: "make run" in its folder.'


def program() -> str:
    """The program's version and what it runs on."""
    version = program_version() or "of unknown version"
    kind = "packaged" if is_packaged() else "from source"
    return (
        f"Moebius {version} ({kind}), Python {platform.python_version()}, {platform.platform()}, "
        f"{os.cpu_count() or 1} processors"
    )


def module(name: str) -> str:
    """Import one module; its version."""
    try:
        found = importlib.import_module(name)
    except (ImportError, OSError) as error:
        raise Fault(f"{name} can't be loaded: {_line(error)}", _library_advice(str(error))) from error
    if name == "patchmatch" and not found.patchmatch_available:
        raise Fault(
            "patchmatch is there, but its library can't be loaded; a plainer fill takes its place.", install_again()
        )
    return str(getattr(found, "__version__", "")) or "there"


def _library_advice(error: str) -> str:
    """What to do about an error of the dynamic linker."""
    found = re.match(r"\s*(\S+?\.so[.\d]*): cannot open shared object file", error)
    if found is None:
        return install_again()
    name = found.group(1)
    package = json.loads(resources.path("system_libraries.json").read_text(encoding="utf-8")).get(name)
    where = f"on Debian and Ubuntu: sudo apt-get install {package}" if package else "with the system's package manager"
    return f"Install the system's library {name} ({where})."


def shipped_files() -> str:
    """Whether icons, theme, samples and the models' folder lie where the program looks for them."""
    missing = [name for name in FILES if not resources.path(*name.split("/")).exists()]
    if missing:
        raise Fault(f"Missing in {resources.ROOT}: {', '.join(missing)}.", install_again())
    return f"{sum(1 for path in resources.ROOT.rglob('*') if path.is_file())} files in {resources.ROOT}"


def bundled_model(name: str) -> str:
    """Whether a bundled model is whole, by its checksums."""
    from inference.errors import ModelError
    from inference.models import differing, find_model

    try:
        folder = find_model(name)
        damaged = differing(folder.path)
    except ModelError as error:
        raise Fault(str(error), install_again()) from error
    if damaged:
        raise Fault(f"{name} is damaged: {', '.join(damaged)} is not the file it should be.", install_again())
    return f"{folder.title}: SHA-256 as it should be"


def card_libraries() -> str:
    """Whether what is loaded only when a picture is erased on a graphics card can be."""
    try:
        return graphics_card.libraries() or "this torch is for no NVIDIA card, and needs none"
    except OSError as error:
        raise Fault(f"A part of cuDNN can't be loaded: {_line(error)}", _library_advice(str(error))) from error


def device() -> str:
    """What the models run on, and in which precision."""
    import torch

    from inference.models import available_devices, choose_device, choose_precision, unused_card, why_unused

    chosen = choose_device("auto")
    card = f" ({torch.cuda.get_device_name(chosen)})" if chosen.type == "cuda" else ""
    unused = f". {graphics_card.advice(name, why_unused())}" if (name := unused_card()) else ""
    return (
        f"{chosen.type}{card}, {choose_precision(chosen)}, {torch.get_num_threads()} threads; "
        f"present: {', '.join(available_devices())}{unused}"
    )


def small_erase(model: str) -> str:
    """Erase a spot from a small picture; what is outside the mask must not change."""
    import numpy as np

    from inference import ErasePipeline

    rng = np.random.default_rng(1)
    ramp = np.linspace(60, 190, 192)[None, :, None] + rng.normal(0, 8, (160, 192, 3))
    picture = np.clip(ramp, 0, 255).astype(np.uint8)
    picture[70:90, 86:106] = (220, 30, 30)
    mask = np.zeros(picture.shape[:2], np.uint8)
    mask[66:94, 82:110] = 255
    pipeline = ErasePipeline.load(model)
    erased = pipeline.erase(picture, mask, seed=1)
    outside = ~pipeline.affected(mask)
    if not np.array_equal(erased[outside], picture[outside]):
        raise Fault("An erase changed pixels outside its mask.", "Attach this report to a bug.")
    spot = erased[70:90, 86:106].astype(float)
    if np.abs(spot - picture[70:90, 86:106]).mean() < 20:
        raise Fault("An erase left the picture as it was.", "Attach this report to a bug.")
    where = f"{pipeline.device.type}, {pipeline.precision}"
    return f"{pipeline.folder.title} on {where}; outside the mask every byte stayed"


def file_format(name: str) -> str:
    """Write and read back a small picture in one of the formats."""
    import numpy as np

    from app.document.formats import OPEN_FORMATS, SAVE_FORMATS, read_picture, write_picture
    from app.document.pixels import Picture

    if name == "RAW":
        try:
            import rawpy
        except (ImportError, OSError) as error:
            raise Fault(f"Raw files can't be developed ({error}).", install_again()) from error
        return f"can be developed by LibRaw {'.'.join(map(str, rawpy.libraw_version))}"
    if name not in SAVE_FORMATS:
        from PIL import Image

        Image.init()
        if name not in Image.OPEN:
            raise Fault(f"Pillow can't read {name}.", install_again())
        return "can be opened"
    y, x = np.mgrid[0:48, 0:64]
    picture = Picture(np.stack([x * 3, y * 4, x + y], axis=-1).astype(np.uint8))
    with _folder() as folder:
        path = Path(folder) / f"picture{OPEN_FORMATS[name][0]}"
        try:
            write_picture(picture, path)
            back = read_picture(path)
        except DocumentError as error:
            raise Fault(f"{name}: {error}", install_again()) from error
        size = path.stat().st_size
    if back.pixels.shape != picture.pixels.shape:
        raise Fault(f"A {name} came back in another size.", "Attach this report to a bug.")
    difference = np.abs(back.pixels.astype(int) - picture.pixels)
    if difference.mean() > 6 or (name in LOSSLESS and difference.any()):
        raise Fault(f"A {name} came back with other colours.", "Attach this report to a bug.")
    return f"written and read, {size} bytes"


def colour_profiles() -> str:
    """Whether colour profiles can be honoured."""
    from PIL import features

    if not features.check("littlecms2"):
        raise Fault("Colour profiles can't be honoured: Pillow comes without LittleCMS.", install_again())
    return f"LittleCMS {features.version('littlecms2')}"


def window() -> str:
    """Whether what opens the window is there and can be loaded; no window is opened and Qt is not started."""
    for needed in ("PySide6", "qasync"):
        if importlib.util.find_spec(needed) is None:
            raise Fault(f"{needed}, which the window is made with, is not installed.", install_again())
    spec = importlib.util.find_spec("PySide6")
    root = Path(str(spec.origin if spec else "")).parent
    folder = next((path for path in (root / "Qt" / "plugins", root / "plugins") if path.is_dir()), None)
    wanted = PLUGINS.get(sys.platform, ())
    missing = [name for name in wanted if folder is None or not (folder / name).is_file()]
    if folder is None or missing:
        raise Fault(f"Qt's plug-ins are missing: {', '.join(missing) or 'all'}.", install_again())
    if sys.platform == "linux":
        for name in wanted:  # the linker says what of the system they lack
            try:
                ctypes.CDLL(str(folder / name))
            except OSError as error:
                raise Fault(f"Qt's {Path(name).name} can't be loaded: {error}.", _library_advice(str(error))) from error
    return f"Qt's plug-ins are there: {', '.join(Path(name).name for name in wanted)}"


def writable(folder: Path) -> str:
    """Whether files can be made in ``folder`` (or above it, where it is yet to be made), and how much room is left."""
    there = next((path for path in (folder, *folder.parents) if path.is_dir()), folder)
    try:
        with tempfile.NamedTemporaryFile(dir=there, prefix=".moebius-selftest-") as file:
            file.write(b"moebius")
            file.flush()
        free = shutil.disk_usage(there).free >> 20
    except OSError as error:
        raise Fault(
            f"Nothing can be written to {there}: {error.strerror or error}.",
            "Give yourself the right to write there, or choose another place for your files.",
        ) from error
    if free < FREE_MB:
        raise Fault(f"Only {free} MB are free in {there}.", f"Make room: at least {FREE_MB} MB should be free.")
    return f"{there}, {free} MB free"


def settings_folder() -> str:
    """Where the program's settings are kept."""
    from platformdirs import user_config_path

    return writable(user_config_path("Moebius", appauthor=False))


def models_folder() -> str:
    """Where downloaded models are kept."""
    from inference.models import models_folder as folder

    return writable(folder())


def temporary_folder() -> str:
    """Where what undo keeps on the disk goes."""
    try:
        return writable(Path(tempfile.gettempdir()))
    except FileNotFoundError as error:
        raise Fault(
            f"There is no folder for temporary files: {_line(error)}",
            "Make /tmp writable, or name another folder in TMPDIR.",
        ) from error


def checks() -> list[tuple[str, Check]]:
    """Everything that is looked at, as name and function, what others build on first."""
    from inference.models import DEFAULT_MODEL

    found: list[tuple[str, Check]] = [("program", program)]
    found += [(name, _of(module, name)) for name in MODULES]
    found += [
        ("diffusers", _after("torch", _of(module, "diffusers"))),
        ("shipped files", shipped_files),
        (f"model {DEFAULT_MODEL}", _of(bundled_model, DEFAULT_MODEL)),
        ("device", _after("torch", device)),
        ("graphics libraries", _after("torch", card_libraries)),
        ("small erase", _after("diffusers", _of(small_erase, DEFAULT_MODEL))),
    ]
    found += _formats()
    found += [
        ("colour profiles", colour_profiles),
        ("window", window),
        ("settings folder", settings_folder),
        ("models folder", models_folder),
        ("temporary folder", temporary_folder),
    ]
    return found


def _formats() -> list[tuple[str, Check]]:
    """A check for every format that can be opened; where none can, one that says why."""
    try:
        from app.document.formats import OPEN_FORMATS
    except (ImportError, OSError) as error:
        fault = Fault(f"Pictures can't be opened: {_line(error)}", _library_advice(str(error)))

        def none() -> str:
            raise fault

        return [("formats", none)]
    return [(f"format {name}", _of(file_format, name)) for name in OPEN_FORMATS]


def _after(name: str, check: Check) -> Check:
    """A check that is left out where a module it needs could not be loaded: importing it again may end the program."""

    def checked() -> str:
        if name not in sys.modules:
            raise Fault(f"Not looked at, as {name} can't be loaded.", f"See {name} above.")
        return check()

    return checked


def _of(check: Callable[[str], str], name: str) -> Check:
    return lambda: check(name)


def _folder() -> Any:
    """A temporary folder that goes at the end; raises :class:`Fault` where there can be none."""
    try:
        return tempfile.TemporaryDirectory(prefix="moebius-selftest-")
    except OSError as error:
        raise Fault(
            f"No temporary file can be made: {_line(error)}", "Make /tmp writable, or name another folder in TMPDIR."
        ) from error


def _line(error: BaseException) -> str:
    """An error on one line."""
    return " ".join(str(error).split())[:300] or type(error).__name__
