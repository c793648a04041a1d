"""``python -m resources.packaging``: make the package, as ``make package`` does."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

from resources.packaging import contents, deb, libraries, licences, sizes

BUILD, DIST = contents.ROOT / "build", contents.ROOT / "dist"

README = """\
Moebius {version}

Start "moebius-gui" for the window, "moebius --help" for the command line. The folder may lie anywhere and needs
nothing installed, but for these libraries, which a Linux desktop has:

{libraries}

"moebius selftest" says what is missing where it does not start.

For an entry in the desktop's menu, put the folder into /opt/moebius, link both programs into /usr/local/bin and copy
"share" over /usr/local/share. The licences of all parts are in "licences".
"""


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say what is done, and how long it took."""
    print(f"{what} ...", flush=True)
    start = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - start:.0f} s", flush=True)


def main() -> int:
    """Make folder, archive and, where dpkg-deb is, Debian package below ``dist``; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m resources.packaging", description=main.__doc__)
    parser.add_argument("--folder-only", action="store_true", help="make dist/moebius and pack nothing")
    parser.add_argument(
        "--cuda", action="store_true", help="with torch for NVIDIA's cards, from an environment of its own"
    )
    parser.add_argument("--cuda-index", default="", metavar="URL", help="where that torch is, if not where pip looks")
    parser.add_argument("--quick", action="store_true", help="pack several times as fast, an eighth larger")
    options = parser.parse_args()
    if options.cuda and not _has_cuda():
        return _with_cuda(options)
    level = 1 if options.quick else 6
    version = metadata.version("moebius")
    with step("Gathering the program"):
        spec = str(contents.ROOT / "moebius_gui.spec")
        places = ["--workpath", str(BUILD / "pyinstaller"), "--distpath", str(DIST)]
        command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN", *places, spec]
        subprocess.run(command, check=True, cwd=contents.ROOT)
    folder = DIST / "moebius"
    with step("Gathering licences"):
        _put_licences(folder)
    if sys.platform == "linux":
        wants = libraries.wants(folder)
        if strange := libraries.unknown(wants):
            for name, users in strange.items():
                print(f"{name}, which {users[0]} needs, is neither in the package nor known: see libraries.py")
            return 1
        deb.integrate(folder / "share")
        names = textwrap.fill(", ".join(sorted(wants.libraries)), 100)
        (folder / "README.txt").write_text(README.format(version=version, libraries=names), encoding="utf-8")
    with step("Checking the program"):
        environment = {"HOME": str(BUILD), "PATH": ""} if sys.platform == "linux" else dict(os.environ)
        program = folder / ("moebius.exe" if sys.platform == "win32" else "moebius")
        if subprocess.run([str(program), "selftest"], env=environment, check=False).returncode != 0:
            print("The package does not pass its own selftest; see above.")
            return 1
    print(sizes.table(folder))
    if options.folder_only:
        return 0
    if sys.platform != "linux":
        after = {"win32": "windows/moebius.iss (Inno Setup)", "darwin": "macos/dmg.sh"}.get(sys.platform, "")
        print(f"dist/moebius is ready; resources/packaging/{after} makes the installer of it.")
        return 0
    kind = "-cuda" if _has_cuda() else ""
    made = [DIST / f"moebius{kind}-{version}-linux-{platform.machine()}.tar.xz"]
    with step("Packing the archive"):
        _archive(folder, f"moebius-{version}", made[0], level)
    if shutil.which("dpkg-deb"):
        made.append(DIST / f"moebius{kind}_{version}_{_architecture()}.deb")
        with step("Packing for Debian and Ubuntu"):
            _for_debian(folder, wants, version, made[1], level)
    else:
        print("dpkg-deb is not here, so no .deb is made.")
    for path in made:
        print(f"{path.relative_to(contents.ROOT)}: {path.stat().st_size / 1e6:.0f} MB")
    return 0


def _has_cuda() -> bool:
    """Whether the torch that would be packed is the one for NVIDIA's cards."""
    made_for = subprocess.run(
        [sys.executable, "-c", "import torch; print(torch.version.cuda or '')"],
        check=True,
        capture_output=True,
        text=True,
    )
    return bool(made_for.stdout.strip())


def cuda_commands(environment: Path, index: str) -> list[list[str]]:
    """What makes an environment with torch for NVIDIA's cards, and the versions of everything else as here."""
    python = str(environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    install = [python, "-m", "pip", "install", "--disable-pip-version-check"]
    install += ["--index-url", index] if index else []
    return [
        [sys.executable, "-m", "venv", "--clear", str(environment)],
        [*install, "-c", str(contents.ROOT / "constraints.txt"), "-e", f"{contents.ROOT}[package]"],
    ]


def _with_cuda(options: argparse.Namespace) -> int:
    """The same package by the Python of an environment of its own: two builds of torch can't lie side by side."""
    environment = BUILD / "cuda"
    making = cuda_commands(environment, options.cuda_index)
    python = making[-1][0]
    variables = {k: v for k, v in os.environ.items() if k not in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL")}
    with step("Fetching torch for NVIDIA's cards, several gigabytes"):
        for command in making:
            subprocess.run(command, check=True, cwd=contents.ROOT, env=variables)
    check = "import sys, torch; sys.exit(0 if torch.version.cuda else 1)"
    if subprocess.run([python, "-c", check], check=False).returncode != 0:
        place = options.cuda_index or "What pip finds"
        print(f"{place} has no torch for NVIDIA's cards; name another place with --cuda-index.")
        return 1
    more = [f"--{name.replace('_', '-')}" for name in ("folder_only", "quick") if getattr(options, name)]
    again = [python, "-m", "resources.packaging", "--cuda", *more]
    return subprocess.run(again, check=False, cwd=contents.ROOT).returncode


def _put_licences(folder: Path) -> None:
    target = folder / "licences"
    silent = licences.gather(folder, target)
    (target / "moebius").mkdir(exist_ok=True)
    shutil.copyfile(contents.ROOT / "LICENSE", target / "moebius" / "LICENSE")
    if silent:
        print(f"no licence is stated by: {', '.join(silent)}")


def _architecture() -> str:
    return subprocess.run(["dpkg", "--print-architecture"], check=True, capture_output=True, text=True).stdout.strip()


def _archive(folder: Path, name: str, target: Path, level: int) -> None:
    """``folder`` as a .tar.xz in which it is called ``name``: the same bytes for the same files."""
    tar = ["tar", "--create", "--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0"]
    tar += ["--directory", str(folder.parent), f"--transform=s,^{folder.name},{name},S", folder.name]
    with target.open("wb") as file, subprocess.Popen(tar, stdout=subprocess.PIPE) as packing:
        subprocess.run(["xz", "--threads=0", f"-{level}", "--stdout"], stdin=packing.stdout, stdout=file, check=True)
    if packing.returncode != 0:
        raise SystemExit("tar failed; see above.")


def _for_debian(folder: Path, wants: libraries.Wants, version: str, target: Path, level: int) -> None:
    """The Debian package, in which what the desktop reads lies where desktops look for it."""
    shutil.rmtree(folder / "share")
    (folder / "README.txt").unlink()
    deb.make(folder, wants, version, BUILD / "deb", target, level)


if __name__ == "__main__":
    sys.exit(main())
