"""The licences of everything in the package, gathered from where each part came from."""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
from importlib import metadata
from pathlib import Path

from resources.packaging.contents import ROOT
from resources.packaging.libraries import programs

NAMES = re.compile(r"(licen[cs]e|copying|notice|copyright)", re.IGNORECASE)
QT = """\
Qt {version} and Qt for Python are under the GNU Lesser General Public License 3.0 (LGPL-3.0.txt, which builds on
GPL-3.0.txt, both beside this file). They lie in the program's folder as libraries of their own, under PySide6 and
shiboken6, and may be replaced there. Their source code: https://download.qt.io/official_releases/QtForPython/
"""


def gather(folder: Path, target: Path) -> list[str]:
    """Write the licences of what lies in ``folder`` to ``target``; returns names of parts that state none.

    Python's packages are found by the modules that are there, the system's libraries by the package that
    holds the file of that name on this machine.
    """
    target.mkdir(parents=True, exist_ok=True)
    silent: list[str] = []
    lines = ["Moebius is under the Apache License 2.0 (moebius/LICENSE). In its package are also:", ""]
    for name in sorted(_distributions(folder), key=str.lower):
        part = metadata.distribution(name)
        files = [file for file in part.files or [] if _is_licence(str(file))]
        for file in files:
            copy = target / name / re.sub(r"^.*?dist-info/(licenses/)?", "", file.as_posix())
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(part.locate_file(file)), copy)
        stated = _stated(part)
        lines.append(f"{name} {part.version}: {stated or 'see its files'}")
        if not files and not stated:
            silent.append(name)
    standard = Path(sysconfig.get_path("stdlib")) / "LICENSE.txt"
    if standard.is_file():
        shutil.copyfile(standard, target / "Python.txt")
    lines += [f"Python {sysconfig.get_python_version()}: Python Software Foundation License", ""]
    lines.append(QT.format(version=metadata.version("PySide6-Essentials")))
    for text in ("LGPL-3.0.txt", "GPL-3.0.txt"):
        shutil.copyfile(ROOT / "resources/packaging/licences" / text, target / text)
    shutil.copyfile(ROOT / "resources/icons/LICENSE", target / "icons.txt")
    lines += _of_system(folder, target)
    (target / "README.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return silent


def _distributions(folder: Path) -> set[str]:
    """Distributions with modules among those in ``folder``."""
    inner = folder / "_internal"
    there = {path.name.partition(".")[0] for path in inner.iterdir() if not path.name.endswith(("-info", ".libs"))}
    names = set()
    for module, several in metadata.packages_distributions().items():
        if module.partition("/")[0] not in there:
            continue
        # A name that many share, as NVIDIA's do, says nothing of each
        alone = module in there and len(set(several)) == 1
        names |= {name for name in several if alone or _lies_in(inner, metadata.distribution(name))}
    names |= {path.name.partition("-")[0] for path in inner.glob("*.dist-info")}
    return {metadata.distribution(name).name for name in names}


def _lies_in(inner: Path, part: metadata.Distribution) -> bool:
    """Whether a module or library of ``part`` is in the package; an empty library in its place is none of it."""
    for file in part.files or []:
        copy, source = inner / file, Path(str(part.locate_file(file)))
        if file.suffix == ".py" and copy.with_suffix(".pyc").is_file():
            return True
        if copy.is_file() and copy.stat().st_size == source.stat().st_size:
            return True
    return False


def _is_licence(path: str) -> bool:
    name = path.rpartition("/")[2]
    return bool(NAMES.search(name)) and not name.endswith((".py", ".pyc", ".pyi", ".so"))


def _stated(part: metadata.Distribution) -> str:
    told = part.metadata.json
    for said in (told.get("license_expression"), told.get("license")):
        if isinstance(said, str) and said and "\n" not in said and len(said) < 100:
            return said
    classifiers = part.metadata.get_all("Classifier") or []
    return ", ".join(c.rpartition(" :: ")[2] for c in classifiers if c.startswith("License ::"))


def _of_system(folder: Path, target: Path) -> list[str]:
    """The system's own libraries in the package: their copyright files, where dpkg knows them."""
    names = [path.name for path in programs(folder / "_internal") if path.parent == folder / "_internal"]
    if shutil.which("dpkg") is None:
        return [f"Of the system this was made on: {', '.join(names)}"] if names else []
    lines = []
    for name in names:
        found = subprocess.run(["dpkg", "--search", f"*/{name}"], capture_output=True, text=True, check=False).stdout
        package = found.partition(":")[0].strip()
        source = Path(f"/usr/share/doc/{package}/copyright")
        if package and source.is_file():
            (target / "system").mkdir(exist_ok=True)
            shutil.copyfile(source, target / "system" / f"{package}.txt")
            lines.append(f"{name}: see system/{package}.txt")
    return lines
