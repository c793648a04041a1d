"""The engine's thread beside a window's: cycles are collected on the main thread alone, as in the program."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def cycles_collected_on_the_main_thread() -> Iterator[None]:
    """What tests of windows left behind holds Qt's objects: the engine's thread must not be the one to delete them."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()
