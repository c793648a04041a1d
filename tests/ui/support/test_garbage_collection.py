"""Cycles are collected on the window's thread, by Python's thresholds, and nowhere else."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest

from app.ui.support.garbage_collection import Collector


class Knot:
    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def collector(qapp: object) -> Iterator[Collector]:
    enabled = gc.isenabled()
    gc.enable()
    made = Collector()
    yield made
    made.end()
    assert gc.isenabled()
    if not enabled:
        gc.disable()


def test_no_other_thread_collects(collector: Collector) -> None:
    knot = weakref.ref(Knot())
    assert not gc.isenabled()
    thread = threading.Thread(target=lambda: [Knot() for _ in range(5000)])
    thread.start()
    thread.join()
    assert knot() is not None
    collector.collect()
    assert knot() is None


def test_nothing_is_collected_before_it_is_due(collector: Collector) -> None:
    gc.collect()
    knot = weakref.ref(Knot())
    collector.collect()
    assert knot() is not None
    gc.collect()
