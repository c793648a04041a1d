"""The packages: entered by what their ``__init__`` exports, small, and where the documentation says they are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HALLS = ("app.canvas", "app.document", "app.ui", "inference", "training")  # their packages have doors


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


SOURCES = {
    _name(path): path
    for top in ("app", "benchmarks", "inference", "training")
    for path in sorted((ROOT / top).rglob("*.py"))
}
PACKAGES = [
    name
    for name, path in SOURCES.items()
    if path.name == "__init__.py" and any(name.startswith(f"{hall}.") for hall in HALLS)
]


def _imports(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Modules that are imported, each with the names that are taken from it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, [alias.name for alias in node.names]


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _exported(package: str) -> set[str]:
    for node in ast.parse(SOURCES[package].read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


def test_nobody_enters_but_by_the_door() -> None:
    exported = {package: _exported(package) for package in PACKAGES}
    wrong = []
    for module, path in SOURCES.items():
        for imported, names in _imports(path):
            package = max((p for p in PACKAGES if _within(imported, p)), key=len, default="")
            if not package or _within(module, package):
                continue
            if imported != package:
                wrong.append(f"{module} imports {imported}: import from {package} instead")
            wrong += [f"{package} does not export {n}, which {module} imports" for n in set(names) - exported[package]]
    assert wrong == []


@pytest.mark.parametrize("package", PACKAGES)
def test_a_door_says_what_the_package_is_for(package: str) -> None:
    text = ast.get_docstring(ast.parse(SOURCES[package].read_text(encoding="utf-8")))
    assert text and text.splitlines()[0].endswith(".")


@pytest.mark.parametrize("package", [name for name in PACKAGES if name.startswith("inference.")])
def test_what_is_looked_up_late_is_what_is_exported(package: str) -> None:
    module = import_module(package)
    assert sorted(name for names in getattr(module, "_HOMES", {}).values() for name in names) == sorted(
        getattr(module, "__all__", [])
    )
    for home, names in getattr(module, "_HOMES", {}).items():
        tree = ast.parse(SOURCES[f"{package}.{home}"].read_text(encoding="utf-8"))
        defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        for node in tree.body:
            targets = node.targets if isinstance(node, ast.Assign) else []
            targets += [node.target] if isinstance(node, ast.AnnAssign) else []
            defined |= {target.id for target in targets if isinstance(target, ast.Name)}
        assert set(names) <= defined | _exported(f"{package}.{home}")  # which may be a package with a door


def test_modules_and_packages_stay_small() -> None:
    long = {name: lines for name, path in SOURCES.items() if (lines := len(path.read_text().splitlines())) > 400}
    assert not long, "modules have about 250 lines, 400 at most: take one job out"
    counts: dict[str, int] = {}
    for name, path in SOURCES.items():
        if path.name != "__init__.py":
            counts[name.rpartition(".")[0]] = counts.get(name.rpartition(".")[0], 0) + 1
    assert not {name: count for name, count in counts.items() if count > 15}, "a package has at most 15 modules"


def test_paths_named_in_the_documentation_exist() -> None:
    places = r"(?<![\w/])((?:app|inference|training|tests|benchmarks|resources)/[\w/.-]*\w)"
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
    named = {(page.name, place) for page in pages for place in re.findall(places, page.read_text(encoding="utf-8"))}
    assert sorted((page, place) for page, place in named if not (ROOT / place).exists()) == []
