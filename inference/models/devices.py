"""Devices and precisions: where a model runs, and how exactly.

A network is given float32 and gives float32, whatever it computes in: the sampler's sums, the autoencoder and the
colours stay exact. What was measured of this, and what was not, is in docs/performance.md.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import nn

from inference.errors import InputError
from inference.models.catalogue import ModelFolder
from inference.models.presets import QUICK
from inference.networks import MoebiusUNet, PixelHackerUNet
from inference.networks.fast import EvaluationUNet, GraphedUNet, can_quantise, in_products, pack_products, quantise
from inference.runtime import Check, never, nvidia_cards
from inference.sampling import Denoiser

PRECISIONS = ("auto", "fp32", "bf16", "fp16", "int8")
_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16, "int8": torch.float32}


def available_devices() -> list[str]:
    """Names of the devices present, the fastest first; "cpu" is always there."""
    found = [name for name in ("cuda", "mps", "xpu") if _present(name)]
    return [*found, "cpu"]


def _present(name: str) -> bool:
    module = getattr(torch, name, None)
    return module is not None and bool(module.is_available()) and (name != "cuda" or _has_code_for_card())


def _has_code_for_card() -> bool:
    """Whether this torch was made for the card's family, or holds a form of its code that the driver translates."""
    if torch.version.hip:  # AMD's cards have names instead of numbers
        return True
    card = _capability()
    return card is not None and any(_runs(made_for, card) for made_for in torch.cuda.get_arch_list())


def _capability() -> tuple[int, int] | None:
    """The card's generation as NVIDIA counts it; None where there is none, or where its driver fails when it starts."""
    try:
        return torch.cuda.get_device_capability() if torch.cuda.is_available() else None
    except RuntimeError:
        return None


def _runs(made_for: str, card: tuple[int, int]) -> bool:
    """Whether code for "sm_86", "sm_90a" or "compute_120" runs on a card of capability ``card``.

    Code for a card runs on those of the same first digit that are as new, and with "a" on that one alone; a general
    form, "compute", on all that are as new (CUDA C++ Programming Guide, "Application Compatibility").
    """
    kind, _, number = made_for.partition("_")
    digits = number.rstrip("af")
    if not digits.isdecimal():
        return False
    least = int(digits[:-1] or "0"), int(digits[-1])
    if number.endswith("a"):
        return least == card
    return least <= card and (kind == "compute" or least[0] == card[0])


def unused_card() -> str:
    """The name of a graphics card that is here, but not for this torch; empty where there is none."""
    if _present("cuda"):
        return ""
    return next(iter(nvidia_cards()), "")


def why_unused() -> Literal["build", "driver", "age"]:
    """Why :func:`unused_card` is not used: torch is made for no card, sees none, or none of that one's age."""
    if not (torch.version.cuda or torch.version.hip):
        return "build"
    return "driver" if _capability() is None else "age"


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


def precisions(device: torch.device) -> list[str]:
    """What ``device`` can compute in, the one that "auto" takes first.

    A graphics card computes in fp16, which rounds eight times finer than bf16; where a value outgrows it, the
    pipeline goes on in fp32. A processor stays exact unless asked.
    """
    if device.type == "cpu":
        return ["fp32", *(["bf16"] if _processor_has_bf16() else []), *(["int8"] if can_quantise() else [])]
    if device.type == "mps":
        return ["fp16", "fp32"]
    bf16 = getattr(torch, device.type).is_bf16_supported(including_emulation=False)
    return ["fp16", "fp32", *(["bf16"] if bf16 else [])]


def choose_precision(device: torch.device, wanted: str = "auto") -> str:
    """One of :data:`PRECISIONS` but "auto"; raises :class:`InputError` for what ``device`` can't compute in."""
    if wanted not in PRECISIONS:
        raise InputError(f"Precision must be one of {', '.join(PRECISIONS)}, not {wanted}.")
    possible = precisions(device)
    if wanted == "auto":
        return possible[0]
    if wanted not in possible:
        what = "This processor" if device.type == "cpu" else f"The device {device.type}"
        raise InputError(f"{what} does not calculate in {wanted}; choose {' or '.join(possible)}.")
    return wanted


def precision_for(folder: ModelFolder, device: torch.device, wanted: str) -> str:
    """The precision that a model computes in on ``device``: ``wanted`` is one of :data:`PRECISIONS`, or "quick".

    "quick" is the quickest there is with this model. Raises :class:`InputError` as :func:`choose_precision`.
    """
    precision = quick_precision(device, folder) if wanted == QUICK else choose_precision(device, wanted)
    if folder.flux:  # it has one on each kind of device
        return "fp32" if device.type == "cpu" else "bf16"
    return precision


def quick_precision(device: torch.device, folder: ModelFolder) -> str:
    """The precision in which ``device`` is quickest with a model, of those it computes in.

    On a processor bf16, for the large networks only: small ones gain nothing, and int8 gains large ones little for an
    error that is more than twice that of bf16, see docs/performance.md.
    """
    possible = precisions(device)
    small = folder.layout or folder.autoencoder is not None
    return "bf16" if device.type == "cpu" and "bf16" in possible and folder.unet and not small else possible[0]


def _processor_has_bf16() -> bool:
    """Whether products of bf16 are an instruction here: where they are emulated they are slower than float32's."""
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16"))


def place(unet: nn.Module, device: torch.device, precision: str, check: Check = never) -> Denoiser:
    """``unet``, loaded and on the processor, in its quickest form on ``device``, computing in ``precision``.

    On CUDA its passes are recorded and replayed: see :mod:`inference.networks.fast.graphs`.

    What ``check`` raises ends it. Raises :class:`InputError` for int8 where the network has no such form.
    """
    quick = isinstance(unet, MoebiusUNet)
    if precision == "int8" and not quick:
        raise InputError("This model has no int8 form; choose fp32.")
    # Folded in float32 and on the processor: rounding comes last, and not every device has float64.
    form: Any = EvaluationUNet(unet, check) if isinstance(unet, MoebiusUNet) else unet
    if isinstance(unet, PixelHackerUNet):
        in_products(unet)
    form.to(device, _DTYPES[precision])
    if device.type != "cpu":
        form.to(memory_format=torch.channels_last)
    check()
    if precision == "int8":
        quantise(form)
    pack_products(form, check)
    placed: Denoiser = GraphedUNet(form) if device.type == "cuda" else form
    return placed
