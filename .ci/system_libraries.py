"""Check the system libraries that Qt loads, before anything is installed; standard library only.

Where apt and the right to use it are there, what is missing is installed; else
one line says what to type. Exits 0 either way: whether Qt then works is seen
when it is loaded.
"""

import ctypes
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

# What Qt's platform plugins link to, and where Debian and Ubuntu keep it
LIBRARIES: dict[str, str] = json.loads(
    (Path(__file__).parents[1] / "resources" / "system_libraries.json").read_text(encoding="utf-8")
)
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")


def loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def has_font() -> bool:
    folders = [Path(folder).expanduser() for folder in FONT_FOLDERS]
    return any(file.suffix.lower() in {".ttf", ".otf", ".ttc"} for folder in folders for file in folder.rglob("*"))


def missing() -> dict[str, str]:
    """Return what is not there, as library (or "a font") -> Debian package."""
    found = {library: package for library, package in LIBRARIES.items() if not loads(library)}
    if not has_font():
        found["a font"] = "fonts-dejavu-core"
    return found


def apt_install(packages: list[str]) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    for command in (["apt-get", "update", "-q"], install):
        if subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False).returncode != 0:
            return False
    return True


def main() -> None:
    if sys.platform != "linux":
        return
    lacking = missing()
    if not lacking:
        return
    packages = sorted(set(lacking.values()))
    has_apt = shutil.which("apt-get") is not None
    if has_apt and os.geteuid() == 0:
        print(f"Installing what Qt needs: {' '.join(packages)}", flush=True)
        if apt_install(packages) and not missing():
            return
    if has_apt:
        advice = f"sudo apt-get install {' '.join(packages)}"
    elif shutil.which("dnf"):
        wanted = [f"'{name}()(64bit)'" for name in lacking if name in LIBRARIES]
        advice = f"sudo dnf install {' '.join([*wanted, *(['dejavu-sans-fonts'] if 'a font' in lacking else [])])}"
    else:
        advice = f"install with the system's package manager what holds {', '.join(lacking)}"
    print(f"The window needs libraries that are not here. To add them: {advice}", file=sys.stderr)


if __name__ == "__main__":
    main()
