"""The Debian package: the program's folder, and what makes a desktop know it."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import subprocess
from pathlib import Path

from resources.packaging.contents import ROOT
from resources.packaging.libraries import Wants, depends

LINUX = ROOT / "resources/packaging/linux"
ICONS = ROOT / "resources/packaging/icons"
HOME = Path("usr/lib/moebius")
# The library of C++ by the newest of its symbol versions: GCC's releases
LIBSTDCXX = {
    "3.4.25": "8",
    "3.4.26": "9",
    "3.4.28": "10",
    "3.4.29": "11",
    "3.4.30": "12",
    "3.4.32": "13",
    "3.4.33": "14",
}

CONTROL = """\
Package: {name}
{relations}Version: {version}
Architecture: {architecture}
Maintainer: The Moebius developers <moebius@users.noreply.github.com>
Installed-Size: {size}
Depends: {depends}
Recommends: xdg-desktop-portal, xdg-utils
Suggests: libgtk-3-0
Section: graphics
Priority: optional
Description: erase things from photographs
 Brush over a thing in a photograph and it is gone: diffusion inpainting on your
 own machine, with nothing uploaded, and you watch the picture form. A window for
 artists (moebius-gui) and a command line (moebius). A small model comes with the
 program, so that it works offline.
"""

RELATIONS = "Provides: moebius\nConflicts: moebius\nReplaces: moebius\n"

COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Moebius

Files: *
Copyright: The Moebius developers
License: Apache-2.0

Files: usr/lib/moebius/_internal/*
Copyright: see /usr/lib/moebius/licences/README.txt
License: several
Comment: Python, PyTorch, Qt for Python and other parts that come with the program, each with its licence's text
 in /usr/lib/moebius/licences.

License: Apache-2.0
 On Debian systems the full text of the Apache License 2.0 is in /usr/share/common-licenses/Apache-2.0.

License: several
 See /usr/lib/moebius/licences.
"""


def make(folder: Path, wants: Wants, version: str, work: Path, target: Path, level: int, kind: str = "") -> None:
    """Pack ``folder`` as ``target``, as tightly as ``level`` 1 to 9 says; ``work`` is emptied and used.

    ``kind`` follows the package's name, as in "-cuda"; one with a kind takes the place of that with none.
    Raises ``subprocess.CalledProcessError`` where dpkg-deb fails.
    """
    shutil.rmtree(work, ignore_errors=True)
    root = work / "root"
    (root / HOME).parent.mkdir(parents=True)
    shutil.copytree(folder, root / HOME, symlinks=True, copy_function=_link)
    _integrate(root / "usr")
    name = f"moebius{kind}"
    _put(root / f"usr/share/doc/{name}/copyright", COPYRIGHT)
    for program in ("moebius", "moebius-gui"):
        link = root / "usr/bin" / program
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(Path("../lib/moebius") / program)
    files = [path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink()]
    control = CONTROL.format(
        name=name,
        relations=RELATIONS if kind else "",
        version=version,
        architecture=_output("dpkg", "--print-architecture"),
        size=sum(path.stat().st_size for path in files) >> 10,
        depends=depends(wants, [("libstdc++6", LIBSTDCXX.get(wants.versions.get("GLIBCXX", ""), ""))]),
    )
    _put(root / "DEBIAN/control", control)
    sums = "".join(f"{_md5(path)}  {path.relative_to(root)}\n" for path in files)
    _put(root / "DEBIAN/md5sums", sums)
    _normal_rights(root)
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Zxz", f"-z{level}", "--build", str(root), str(target)], check=True
    )


def integrate(share: Path) -> None:
    """Put desktop entry, icons, file types and manual into ``share``, as the tarball holds them."""
    _integrate(share.parent)


def _integrate(usr: Path) -> None:
    share = usr / "share"
    _copy(LINUX / "moebius.desktop", share / "applications/moebius.desktop")
    _copy(LINUX / "moebius.xml", share / "mime/packages/moebius.xml")
    _copy(LINUX / "io.github.moebius.metainfo.xml", share / "metainfo/io.github.moebius.metainfo.xml")
    _copy(ROOT / "resources/icons/moebius.svg", share / "icons/hicolor/scalable/apps/moebius.svg")
    for icon in sorted(ICONS.glob("*.png")):
        _copy(icon, share / f"icons/hicolor/{icon.stem}x{icon.stem}/apps/moebius.png")
    manual = gzip.compress((LINUX / "moebius.1").read_bytes(), 9, mtime=0)
    for program in ("moebius", "moebius-gui"):
        page = share / f"man/man1/{program}.1.gz"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_bytes(manual)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _link(source: str, target: str) -> None:
    """Copy a file: as another name of it where the file system can, so that nothing is written twice."""
    try:
        Path(target).hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)


def _normal_rights(root: Path) -> None:
    for path in root.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    root.chmod(0o755)


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
