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

from resources.packaging import contents, cuda, deb, libraries, licences, sizes

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
    parser.add_argument("--torch", default="", metavar="VERSION", help="with --cuda: another torch than the pinned one")
    parser.add_argument(
        "--whole", action="store_true", help="with --cuda: with every library of NVIDIA's, reached or not"
    )
    parser.add_argument("--quick", action="store_true", help="pack several times as fast, an eighth larger")
    options = parser.parse_args()
    if options.whole and not options.cuda:
        parser.error("--whole is for --cuda; the processor's package has no library of NVIDIA's.")
    if options.torch and not options.cuda:
        parser.error("--torch is for --cuda; the processor's package takes the torch that is installed.")
    if options.cuda and (options.torch or not cuda.in_use()):
        return _with_cuda(options)
    level = 1 if options.quick else 6
    version = metadata.version("moebius")
    with step("Gathering the program"):
        spec = str(contents.ROOT / "moebius_gui.spec")
        places = ["--workpath", str(BUILD / "pyinstaller"), "--distpath", str(DIST)]
        command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN", *places, spec]
        command += ["--", "--whole"] if options.whole else []
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
    kind = "-cuda" if cuda.in_use() else ""
    made = [DIST / f"moebius{kind}-{version}-linux-{platform.machine()}.tar.xz"]
    with step("Packing the archive"):
        _archive(folder, f"moebius-{version}", made[0], level)
    if shutil.which("dpkg-deb"):
        made.append(DIST / f"moebius{kind}_{version}_{_architecture()}.deb")
        with step("Packing for Debian and Ubuntu"):
            _for_debian(folder, wants, version, made[1], level, kind)
    else:
        print("dpkg-deb is not here, so no .deb is made.")
    for path in made:
        print(f"{path.relative_to(contents.ROOT)}: {path.stat().st_size / 1e6:.0f} MB")
    return 0


def _with_cuda(options: argparse.Namespace) -> int:
    """The same package by the Python of an environment that has torch for NVIDIA's cards."""
    try:
        with step("Fetching torch for NVIDIA's cards, several gigabytes"):
            python = cuda.make(BUILD / "cuda", options.cuda_index, options.torch)
    except ValueError as error:
        print(error)
        return 1
    more = [f"--{name.replace('_', '-')}" for name in ("folder_only", "quick", "whole") if getattr(options, name)]
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


def _for_debian(folder: Path, wants: libraries.Wants, version: str, target: Path, level: int, kind: str) -> None:
    """The Debian package, in which what the desktop reads lies where desktops look for it."""
    shutil.rmtree(folder / "share")
    (folder / "README.txt").unlink()
    deb.make(folder, wants, version, BUILD / "deb", target, level, kind)


if __name__ == "__main__":
    sys.exit(main())
