"""The project's own promises: who may import whom, and which versions it was tried with."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
CORE = ["tests/document", "tests/inference", "tests/training"]


def project() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)["project"]


def wanted() -> list[Requirement]:
    table = project()
    extras = table["optional-dependencies"].values()
    return [Requirement(line) for lines in [table["dependencies"], *extras] for line in lines]


def pins() -> dict[str, Version]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found: dict[str, Version] = {}
    for line in lines:
        if line and not line.startswith("#"):
            name, _, number = line.partition("==")
            assert number, f"constraints.txt: {line!r} is no exact version"
            found[canonicalize_name(name)] = Version(number)
    return found


def run(*arguments: str) -> None:
    command = [sys.executable, *arguments]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_imports_go_one_way() -> None:
    run("-c", "from importlinter.cli import lint_imports_command as lint; lint(['--no-cache'])")


def test_core_tests_need_no_qt() -> None:
    program = (
        "import sys, pytest\n"
        "for name in ('PySide6', 'shiboken6'): sys.modules[name] = None\n"
        "sys.exit(pytest.main(sys.argv[1:]))"
    )
    plain = ["--collect-only", "-q", "-p", "no:pytest-qt", "-p", "no:cacheprovider"]
    run("-c", program, *plain, *CORE)


@pytest.mark.parametrize("requirement", wanted(), ids=str)
def test_pin_is_within_the_range(requirement: Requirement) -> None:
    pin = pins()[canonicalize_name(requirement.name)]
    assert pin in requirement.specifier
    assert pin.local is None  # a build for one kind of machine


def test_installed_is_what_was_tried() -> None:
    differing = {}
    for name, pin in pins().items():
        try:
            installed = Version(version(name))
        except PackageNotFoundError:
            continue  # of another platform
        if Version(installed.public) != pin:
            differing[name] = f"{installed}, not {pin}"
    assert not differing, "run make again, or bring constraints.txt up to date"


def test_every_package_is_pinned() -> None:
    platform_builds = re.compile(r"(nvidia|cuda|triton|setuptools)")  # torch names these itself
    pinned = pins()
    todo = [(requirement.name, requirement.extras) for requirement in wanted()]
    seen = set()
    while todo:
        name, extras = todo.pop()
        if name in seen or platform_builds.match(name):
            continue
        seen.add(name)
        assert canonicalize_name(name) in pinned, f"{name} is in no line of constraints.txt"
        try:
            needed = requires(name) or []
        except PackageNotFoundError:
            continue  # of an extra that `make` does not install
        for line in needed:
            requirement = Requirement(line)
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in [*extras, ""]):
                todo.append((requirement.name, requirement.extras))
