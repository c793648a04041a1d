"""Where the model runs."""

from __future__ import annotations

import torch

from inference.errors import InputError


def available_devices() -> list[str]:
    """Names of the devices present, the fastest first; "cpu" is always there."""
    found = [name for name in ("cuda", "mps", "xpu") if _present(name)]
    return [*found, "cpu"]


def _present(name: str) -> bool:
    module = getattr(torch, name, None)
    return module is not None and bool(module.is_available())


def choose_device(name: str) -> torch.device:
    """``"auto"`` is the fastest present; raises :class:`InputError` for one that is not there."""
    present = available_devices()
    if name == "auto":
        return torch.device(present[0])
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in present:
        raise InputError(f"There is no device {name!r} here; present: {', '.join(present)}.")
    return device
