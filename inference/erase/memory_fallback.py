"""Memory fallbacks: what is tried in order where memory runs out; each needs less, and most need more time."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import dataclass, replace

from inference.runtime import give_back_freed_memory

SMALLEST_CONTEXT = 256  # picture pixels below which a context would show the model too little


@dataclass(frozen=True)
class MemoryFallback:
    """How sparingly a model is run; the default is not at all."""

    split: bool = False  # one guidance branch at a time
    context: int | None = None  # pixels; None: as chosen
    tiled: bool = False  # the autoencoder works on one picture and one tile at a time
    half: bool = False  # the U-Net calculates in half precision
    device: str | None = None  # None: the one it was loaded on


def next_fallbacks(
    fallback: MemoryFallback, *, guided: bool, context: int, device: str
) -> Iterator[tuple[MemoryFallback, str]]:
    """What to try after ``fallback`` failed for want of memory, each with a sentence for the user.

    ``guided``: whether two branches are run; ``context``: the side worked at now, in pixels; ``device``: the kind
    of device it runs on. Each rung keeps what the ones before it saved.
    """
    yield fallback, "Memory ran out. What was kept for later use was given back, and the erase goes on."
    if guided and not fallback.split:
        fallback = replace(fallback, split=True)
        yield fallback, "Memory ran out again. The model now works on one half at a time, which takes longer."
    smaller = max(SMALLEST_CONTEXT, context * 3 // 4 // 32 * 32)
    if not fallback.tiled or smaller < context:
        fallback = replace(fallback, tiled=True, context=min(smaller, context))
        yield (
            fallback,
            "Memory ran out again. The model now works on a smaller picture, so the result may be softer.",
        )
    if not fallback.half and device != "cpu":  # a processor keeps the precise weights beside the others
        fallback = replace(fallback, half=True)
        yield fallback, "Memory ran out again. The model now calculates less precisely."
    if device != "cpu":
        fallback = replace(fallback, device="cpu", half=False)
        yield fallback, "The graphics card has too little memory. The model now runs on the processor, which is slower."


def free_caches() -> None:
    """Give back what Python, torch and the C library keep for later use.

    Python's cycles only where it collects them by itself: in the window's program one thread alone may (Qt's objects
    do not bear being deleted on another), and does.
    """
    if gc.isenabled():
        gc.collect()
    import torch

    for name in ("cuda", "mps", "xpu"):
        module = getattr(torch, name, None)
        if module is not None and module.is_available():
            module.empty_cache()
    give_back_freed_memory()
