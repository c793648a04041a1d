"""Checkpoints are hostile until proved: no code is run from them, and every entry is checked."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from inference.errors import ModelError

NAMED = 3  # entries named in an error before "and N more"


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """A plain state dict from safetensors, or from a pickle limited to tensors; raises :class:`ModelError`."""
    try:
        if path.suffix == ".safetensors":
            state: Any = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ModelError(f"{path} can't be read: {error.strerror or error}.") from error
    except pickle.UnpicklingError as error:
        raise ModelError(
            f"{path} holds more than tensors, or is damaged; it was not loaded. "
            "Use a plain state dict, best as .safetensors."
        ) from error
    except (
        SafetensorError,
        RuntimeError,
        ValueError,
        EOFError,
        KeyError,
        AttributeError,
        TypeError,
    ) as error:
        raise ModelError(f"{path} is damaged or not a checkpoint: {_first_line(error)}") from error
    if not isinstance(state, dict) or not all(isinstance(k, str) and isinstance(v, Tensor) for k, v in state.items()):
        raise ModelError(f"{path} is not a plain state dict of named tensors.")
    return state


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


def _some(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def load_weights(module: nn.Module, state: dict[str, Tensor], source: Path) -> None:
    """Give ``module`` (built on the meta device or not) the tensors of ``state``, as float32.

    Raises :class:`ModelError` naming what is missing, unexpected, of another shape or not finite.
    """
    expected = module.state_dict()
    missing = [k for k in expected if k not in state]
    unexpected = [k for k in state if k not in expected]
    shapes = [
        f"{k} is {tuple(state[k].shape)}, not {tuple(v.shape)}"
        for k, v in expected.items()
        if k in state and state[k].shape != v.shape
    ]
    complaints = [
        f"{title}: {_some(names)}"
        for title, names in (("missing", missing), ("unexpected", unexpected), ("other shapes", shapes))
        if names
    ]
    if complaints:
        raise ModelError(f"{source} does not fit this model; {'; '.join(complaints)}.")
    ready = {k: (v.float() if v.is_floating_point() else v).contiguous() for k, v in state.items()}
    broken = [k for k, v in ready.items() if v.is_floating_point() and not torch.isfinite(v).all()]
    if broken:
        raise ModelError(f"{source} is damaged; values that are not finite in: {_some(broken)}.")
    module.load_state_dict(ready, strict=True, assign=True)
