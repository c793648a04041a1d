"""The allocator: keeping freed memory, as mapping it anew at every step can cost several times the step itself."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from pathlib import Path

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -2, -4, -8


def keep_freed_memory() -> bool:
    """Tell glibc's allocator not to give memory back between steps; True where that is possible.

    A denoising step frees and takes the same hundreds of megabytes again and again. By default each large
    tensor is a fresh mapping whose pages are cleared by the kernel; under virtualisation that can take
    longer than the arithmetic. Affects the whole process; does nothing elsewhere than on Linux with glibc.
    """
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    values = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, (1 << 31) - 1), (_M_TOP_PAD, 1 << 26), (_M_ARENA_MAX, 1))
    return all(mallopt(option, value) for option, value in values)


def give_back_freed_memory() -> None:
    """Return to the system what :func:`keep_freed_memory` made the allocator keep; does nothing elsewhere."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def rss_mb() -> float:
    """The memory this process holds now, in MiB; where the system does not tell, the most it has held."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return peak_rss_mb()
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def peak_rss_mb() -> float:
    """The most memory this process has held, in MiB."""
    if sys.platform == "win32":
        return _windows_peak() / (1 << 20)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / 1024


def _windows_peak() -> int:
    class Counters(ctypes.Structure):
        _fields_ = [("size", ctypes.c_uint32), ("faults", ctypes.c_uint32)] + [
            (name, ctypes.c_size_t) for name in ("peak", "current", "a", "b", "c", "d", "e", "f")
        ]

    counters = Counters()
    counters.size = ctypes.sizeof(counters)
    libraries = ctypes.windll  # type: ignore[attr-defined,unused-ignore]
    process = ctypes.c_void_p(-1)  # the current process
    libraries.psapi.GetProcessMemoryInfo(process, ctypes.byref(counters), counters.size)
    return int(counters.peak)
