from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.document.pixels.memory import fresh, zeros


def held() -> int:
    """Bytes of memory the process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@settings(max_examples=30)
@given(
    shape=st.lists(st.integers(1, 130), min_size=1, max_size=3).map(tuple),
    dtype=st.sampled_from([np.uint8, np.uint16, np.float32, np.bool_]),
    dense=st.booleans(),
)
def test_zeros_that_can_be_written_to(shape: tuple[int, ...], dtype: type, dense: bool) -> None:
    for _ in range(2):  # what was written before must not come back
        array = zeros(shape, dtype, dense=dense)
        assert array.shape == shape
        assert array.dtype == dtype
        assert array.flags.c_contiguous
        assert array.flags.writeable
        assert not array.any()
        array[...] = 1
        assert array.all()
        del array


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_is_taken_where_it_is_written_and_given_back() -> None:
    before = held()
    array = zeros((20_000, 10_000))
    array[:100] = 255
    assert held() - before < 20e6
    array[:10_000] = 255
    assert held() - before > 90e6
    part = array[5:10, 5:10]
    del array
    assert part.all(), "a part keeps the whole"
    del part
    assert held() - before < 20e6


def test_more_than_there_can_be_is_a_memory_error() -> None:
    with pytest.raises(MemoryError):
        zeros((1 << 40, 1 << 18))


def test_memory_can_be_asked_for_fresh_again_and_again() -> None:
    for _ in range(2):
        with fresh():
            assert not np.zeros(1 << 23, np.uint8).any()
    with pytest.raises(MemoryError), fresh():
        raise MemoryError
