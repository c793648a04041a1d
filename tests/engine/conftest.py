"""The engine's thread beside a window's: cycles are collected on the main thread alone, as in the program."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.oracles.tiny_published import write_published


@pytest.fixture(autouse=True)
def cycles_collected_on_the_main_thread() -> Iterator[None]:
    """What tests of windows left behind holds Qt's objects: the engine's thread must not be the one to delete them."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def published_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small model laid out as the published ones are."""
    return write_published(tmp_path, monkeypatch)
