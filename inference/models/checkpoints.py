"""Reading checkpoints, which are hostile until proved: no code is run from them, and every entry is checked."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor, nn

from inference.errors import Cancelled, ModelError
from inference.runtime import Check, never

NAMED = 3  # entries named in an error before "and N more"


def read_checkpoint(path: Path, check: Check = never) -> dict[str, Tensor]:
    """A plain state dict from safetensors, or from a pickle limited to tensors; raises :class:`ModelError`.

    ``check`` is called between two entries: what it raises ends the reading.
    """
    state: Any
    mapped = False
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, "pt") as entries:
                state = {name: entries.get_tensor(name) for name in _checked(entries.keys(), check)}
        else:
            mapped = _mappable(path)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what a damaged pickle looks like is said in the error
                state = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except Cancelled:
        raise
    except OSError as error:
        raise ModelError(f"{path} can't be read: {error.strerror or error}.") from error
    except pickle.UnpicklingError as error:
        raise ModelError(
            f"{path} holds more than tensors, or is damaged; it was not loaded. "
            "Use a plain state dict, best as .safetensors."
        ) from error
    except MemoryError:
        raise
    except Exception as error:  # readers meet damaged data with every kind of exception
        raise ModelError(
            f"{path} is damaged, or not a checkpoint that can be read without running code from it; it was not loaded. "
            "Fetch or copy it again, best as .safetensors."
        ) from error
    if not isinstance(state, dict) or not all(isinstance(k, str) and isinstance(v, Tensor) for k, v in state.items()):
        raise ModelError(f"{path} is not a plain state dict of named tensors.")
    return {name: state[name].clone() for name in _checked(state, check)} if mapped else state


def _checked(names: Iterable[str], check: Check) -> Iterator[str]:
    for name in names:
        check()
        yield name


def _mappable(path: Path) -> bool:
    """Whether a pickle's tensors lie in the file as they are: they are then read one by one."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())


def _some(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _plain(value: Tensor, expected: Tensor) -> bool:
    """Whether ``value`` is a dense tensor in memory, of floats where floats are expected."""
    dense = value.layout == torch.strided and value.device.type == "cpu" and not value.is_quantized
    return dense and not value.is_complex() and (value.is_floating_point() or not expected.is_floating_point())


def _kind(value: Tensor) -> str:
    return f"{value.dtype} {value.layout} {value.device.type}".replace("torch.", "")


def _plain_floats(value: Tensor) -> Tensor:
    return value.float() if value.is_floating_point() else value


def load_weights(module: nn.Module, state: dict[str, Tensor], source: Path, check: Check = never) -> None:
    """Give ``module`` (built on the meta device or not) the tensors of ``state``, as float32.

    ``check`` is called between two entries: what it raises ends the loading.

    Raises :class:`ModelError` naming what is missing, unexpected, of another shape or kind, or not finite.
    """
    expected = module.state_dict()
    missing = [k for k in expected if k not in state]
    unexpected = [k for k in state if k not in expected]
    shapes = [
        f"{k} is {tuple(state[k].shape)}, not {tuple(v.shape)}"
        for k, v in expected.items()
        if k in state and state[k].shape != v.shape
    ]
    kinds = [f"{k} is {_kind(v)}" for k, v in state.items() if k in expected and not _plain(v, expected[k])]
    complaints = [
        f"{title}: {_some(names)}"
        for title, names in (
            ("missing", missing),
            ("unexpected", unexpected),
            ("other shapes", shapes),
            ("not plain numbers", kinds),
        )
        if names
    ]
    if complaints:
        raise ModelError(f"{source} does not fit this model; {'; '.join(complaints)}.")
    ready = {k: _plain_floats(state[k]).contiguous() for k in _checked(state, check)}
    broken = [k for k in _checked(ready, check) if ready[k].is_floating_point() and not ready[k].isfinite().all()]
    if broken:
        raise ModelError(f"{source} is damaged; values that are not finite in: {_some(broken)}.")
    module.load_state_dict(ready, strict=True, assign=True)
