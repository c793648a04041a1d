"""Which of the system's libraries a folder of programs needs, read from the files themselves."""

from __future__ import annotations

import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from resources.packaging.contents import ROOT
from resources.packaging.cuda_libraries import FROM_DRIVER

# Beside those in resources/system_libraries.json: what every system has, and what only an optional plug-in wants
PACKAGES = {
    "libX11.so.6": "libx11-6",
    "libc.so.6": "libc6",
    "libgcc_s.so.1": "libgcc-s1",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libstdc++.so.6": "libstdc++6",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb.so.1": "libxcb1",
    "libz.so.1": "zlib1g",
}
OF_LIBC = r"ld-linux.*|lib(dl|m|pthread|rt|util|c)\.so\..*"
OPTIONAL = ("*/platformthemes/libqgtk3.so",)  # looks like the desktop where GTK is there, and is passed over elsewhere
VERSIONED = {"GLIBC": "libc6", "GLIBCXX": "libstdc++6"}


@dataclass(frozen=True)
class Wants:
    """What is needed from outside the folder."""

    libraries: dict[str, list[str]]  # name -> files that are linked to it
    versions: dict[str, str]  # GLIBC, GLIBCXX -> the newest version of it that is asked for


def programs(folder: Path) -> list[Path]:
    """Programs and libraries in a folder, by their first bytes; links are passed over."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as file:
            if file.read(4) == b"\x7fELF":
                found.append(path)
    return found


def wants(folder: Path) -> Wants:
    """What the programs of ``folder`` need that is not in it; raises ``OSError`` where readelf is missing."""
    files = programs(folder)
    own = {path.name for path in folder.rglob("*")}
    libraries: dict[str, list[str]] = defaultdict(list)
    versions: dict[str, str] = {}
    for path in files:
        if any(path.match(pattern) for pattern in OPTIONAL):
            continue
        listing = subprocess.run(
            ["readelf", "--dynamic", "--version-info", "--wide", str(path)], capture_output=True, text=True, check=True
        ).stdout
        for name in re.findall(r"\(NEEDED\).*\[(.+?)\]", listing):
            if name not in own and name not in FROM_DRIVER:
                libraries["libc.so.6" if re.fullmatch(OF_LIBC, name) else name].append(str(path.relative_to(folder)))
        needs = listing.partition("Version needs section")[2]
        for kind, version in re.findall(r"Name: (GLIBCXX|GLIBC)_([\d.]+)", needs):
            versions[kind] = max(versions.get(kind, "0"), version, key=_number)
    return Wants(dict(libraries), versions)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def unknown(found: Wants) -> dict[str, list[str]]:
    """The libraries of which it isn't known what Debian calls their packages."""
    return {name: files for name, files in found.libraries.items() if name not in _packages()}


def depends(found: Wants, libstdcxx: Iterable[tuple[str, str]] = ()) -> str:
    """The packages to depend on, as Debian writes them."""
    least = {"libc6": found.versions.get("GLIBC", ""), **dict(libstdcxx)}
    names = sorted({_packages()[name] for name in found.libraries})
    return ", ".join(f"{name} (>= {least[name]})" if least.get(name) else name for name in names)


def _packages() -> dict[str, str]:
    listed: dict[str, str] = json.loads((ROOT / "resources/system_libraries.json").read_text(encoding="utf-8"))
    return {**listed, **PACKAGES}
