"""Memory of large arrays: zeros that take none until they are written to, and giving it back to the system."""

from __future__ import annotations

import contextlib
import ctypes
import math
import mmap
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

_LARGE = 1 << 20  # bytes; what is smaller is cleared in no time
_MMAP_THRESHOLD, _MMAP_MAX = -3, -4  # of glibc's mallopt
_USUAL, _MANY = 1 << 25, 1 << 16  # bytes from which, and how often, it maps memory by itself, at the most
_kept = False


def zeros(shape: tuple[int, ...], dtype: DTypeLike = np.uint8, *, dense: bool = False) -> NDArray[Any]:
    """An array of zeros, C-contiguous and writable.

    What ``np.zeros`` answers is fresh memory of the system only as long as the allocator has nothing freed
    to hand out; else all of it is cleared at once, and fragments stay behind. A mapping of one's own is
    always fresh, whatever the allocator was told. ``dense`` says that all of it will be written: pages may
    be large then. Raises ``MemoryError``.
    """
    kind = np.dtype(dtype)
    nbytes = math.prod(shape) * kind.itemsize
    if nbytes < _LARGE:
        return np.zeros(shape, kind)
    try:
        if sys.platform == "win32":
            mapping = mmap.mmap(-1, nbytes)
        else:
            mapping = mmap.mmap(-1, nbytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as error:
        raise MemoryError(f"{nbytes} bytes could not be had") from error
    if dense and hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):  # a kernel without them
            mapping.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(mapping, kind).reshape(shape)


@contextlib.contextmanager
def fresh() -> Iterator[None]:
    """What others allocate inside in pieces of megabytes is fresh memory of the system (glibc only).

    What was freed before would be cleared first, by libraries that keep every other thread waiting meanwhile.
    """
    _set(_MMAP_THRESHOLD, _LARGE)
    _set(_MMAP_MAX, _MANY)
    try:
        yield
    finally:
        _set(_MMAP_THRESHOLD, _USUAL)
        _set(_MMAP_MAX, 0 if _kept else _MANY)


def note_kept() -> None:
    """The allocator was told to keep all freed memory: it is to do so again after ``fresh``."""
    global _kept
    _kept = True


def _set(option: int, value: int) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(option, value)


def give_back_freed() -> None:
    """Return to the system what the allocator keeps of freed memory; does nothing elsewhere than with glibc.

    Long-lived pieces among large ones that come and go leave gaps it would keep for good. Takes milliseconds:
    better not on the main thread.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
