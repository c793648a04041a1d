"""Which precision runs where, how far each is from float32, and what happens where values outgrow it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from inference import ErasePipeline, InputError, ModelError
from inference.erase.memory_fallback import MemoryFallback
from inference.models import devices
from inference.models.codec import KLCodec
from inference.models.devices import choose_precision, place, precisions
from inference.networks.build import build_unet
from inference.networks.config import PixelHackerConfig
from inference.networks.fast.operators import Product
from inference.networks.fast.quantised import QuantisedProduct, can_quantise, quantise
from inference.networks.unet import UNetOutput
from tests.inference.erase.test_pipeline import mask_of, picture
from tests.inference.networks.test_evaluation import BRANCHES, TIME, sample, small

IMAGE, MASK = picture(128, 128), mask_of(128, 128, (50, 50, 80, 80))
TEACHER = PixelHackerConfig(widths=(16, 32), heads=4, groups=8, grid=8, embedding_width=12, context_width=8)
CPU = torch.device("cpu")
ERRORS = {"fp32": 1e-4, "bf16": 0.05, "int8": 0.05}

needs_int8 = pytest.mark.skipif(not can_quantise(), reason="this processor does not multiply bytes")


@pytest.fixture
def capable(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A processor that can do what is named, and nothing else."""

    def set_to(*, bf16: bool = False, int8: bool = False) -> None:
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": bf16})
        monkeypatch.setattr(devices, "can_quantise", lambda: int8)

    return set_to


@pytest.mark.parametrize(
    ("bf16", "int8", "expected"),
    [(False, False, ["fp32"]), (True, False, ["fp32", "bf16"]), (True, True, ["fp32", "bf16", "int8"])],
)
def test_a_processor_is_exact_unless_asked(
    capable: Callable[..., None], bf16: bool, int8: bool, expected: list[str]
) -> None:
    capable(bf16=bf16, int8=int8)
    assert precisions(CPU) == expected
    assert choose_precision(CPU) == "fp32"
    assert [choose_precision(CPU, name) for name in expected] == expected


def test_what_a_processor_lacks_is_refused_with_what_it_has(capable: Callable[..., None]) -> None:
    capable(bf16=True)
    for wanted in ("fp16", "int8"):
        with pytest.raises(InputError, match=f"processor does not calculate in {wanted}; choose fp32 or bf16"):
            choose_precision(CPU, wanted)
    with pytest.raises(InputError, match="must be one of auto, fp32"):
        choose_precision(CPU, "fp8")


@pytest.mark.parametrize("kind", ["cuda", "xpu"])
@pytest.mark.parametrize("bf16", [False, True])
def test_a_graphics_card_takes_fp16(monkeypatch: pytest.MonkeyPatch, kind: str, bf16: bool) -> None:
    monkeypatch.setattr(getattr(torch, kind), "is_bf16_supported", lambda including_emulation: bf16)
    device = torch.device(kind)
    assert choose_precision(device) == "fp16"
    assert precisions(device) == ["fp16", "fp32", *(["bf16"] if bf16 else [])]
    with pytest.raises(InputError, match=f"device {kind} does not calculate in int8"):
        choose_precision(device, "int8")


def test_an_apple_device_takes_fp16_or_fp32() -> None:
    device = torch.device("mps")
    assert (choose_precision(device), choose_precision(device, "fp32")) == ("fp16", "fp32")
    with pytest.raises(InputError, match="choose fp16 or fp32"):
        choose_precision(device, "bf16")


@pytest.mark.parametrize("precision", ["fp32", "bf16", pytest.param("int8", marks=needs_int8)])
def test_each_precision_agrees_with_float32_as_far_as_it_goes(precision: str) -> None:
    unet, x = small(), sample(1, 16, 16)
    with torch.inference_mode():
        expected = unet(x.expand(2, -1, -1, -1), TIME, BRANCHES).sample
        output = place(small(), CPU, precision)(x, TIME, BRANCHES).sample
    assert output.dtype == torch.float32
    error = ((output - expected).norm() / expected.norm()).item()
    assert error < ERRORS[precision]
    assert (error < 1e-4) == (precision == "fp32"), "another precision is really used"


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_a_graphics_cards_form_is_narrow_and_channels_last(precision: str) -> None:
    """On a device without memory: shapes and types, as of a graphics card."""
    form: Any = place(small(), torch.device("meta"), precision)
    kinds = {value.dtype for value in form.state_dict().values() if value.is_floating_point()}
    assert kinds == {{"bf16": torch.bfloat16, "fp16": torch.float16}[precision]}
    shrinking = form.down_blocks[0].shrink.weight
    assert shrinking.is_contiguous(memory_format=torch.channels_last)


def test_the_teacher_computes_in_the_same_products_as_the_student() -> None:
    torch.manual_seed(0)
    teacher = build_unet(TEACHER).eval().requires_grad_(False)
    x = torch.randn(1, TEACHER.in_channels, 8, 8)
    arguments = x, TIME, BRANCHES % TEACHER.categories
    plain = teacher(*arguments).sample
    placed: Any = place(teacher, CPU, "fp32")
    assert sum(isinstance(layer, Product) for layer in placed.modules()) > 20
    assert torch.allclose(placed(*arguments).sample, plain, rtol=1e-4, atol=1e-4)


def test_the_teacher_computes_in_bf16_and_has_no_int8_form() -> None:
    torch.manual_seed(0)
    unet = build_unet(TEACHER)
    unet.eval().requires_grad_(False)
    x = torch.randn(2, unet.config.in_channels, 16, 16)
    with torch.inference_mode():
        expected = unet(x, TIME, BRANCHES).sample
        output = place(unet, CPU, "bf16")(x, TIME, BRANCHES).sample
    assert output.dtype == torch.float32
    assert 0 < ((output - expected).norm() / expected.norm()).item() < 0.05
    with pytest.raises(InputError, match="no int8 form"):
        place(unet, CPU, "int8")


@needs_int8
def test_a_quantised_product_does_all_a_product_does() -> None:
    generator = torch.Generator().manual_seed(0)
    weight, bias, shift = (torch.randn(*shape, generator=generator) for shape in ((72, 96), (72,), (72,)))
    x, other = torch.randn(2, 30, 96, generator=generator), torch.randn(2, 30, 72, generator=generator)
    x[0, 3] *= 1000  # one large token costs the others nothing
    plain = Product(weight, bias)
    quantised = QuantisedProduct(plain)
    for options in ({}, {"silu": True}, {"shift": shift}, {"other": other}, {"other": other, "shift": shift}):
        expected, output = plain(x, **options), quantised(x, **options)
        error = (output - expected).norm(dim=-1) / expected.norm(dim=-1)
        assert error.max() < 0.03, options
    assert torch.equal(quantised(torch.zeros(1, 96)), bias[None])


@needs_int8
def test_small_products_stay_as_they_are() -> None:
    network = torch.nn.Sequential(Product(torch.ones(64, 64)), Product(torch.ones(63, 128)))
    quantise(network)
    assert [type(part) for part in network] == [QuantisedProduct, Product]


def test_a_processor_without_byte_products_is_not_quantised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True})
    can_quantise.cache_clear()
    try:
        assert not can_quantise()
    finally:
        can_quantise.cache_clear()


@pytest.mark.parametrize("precision", ["bf16", pytest.param("int8", marks=needs_int8)])
def test_an_erase_is_nearly_the_exact_one_and_spares_the_rest(
    tiny: ErasePipeline, tiny_folder: Path, capable: Callable[..., None], precision: str
) -> None:
    capable(bf16=True, int8=True)
    pipeline = ErasePipeline.load(tiny_folder, device="cpu", precision=precision)
    assert pipeline.precision == precision
    exact, result = tiny.erase(IMAGE, MASK), pipeline.erase(IMAGE, MASK)
    off = np.abs(result.astype(int) - exact)
    assert off.max() <= 24 and off[MASK > 0].mean() < 3, "another seed is off by 78 levels in the mean"
    assert np.array_equal(result[~pipeline.affected(MASK)], IMAGE[~pipeline.affected(MASK)])


def test_the_large_autoencoder_follows_into_bf16_and_into_nothing_else(
    published_folder: Path, capable: Callable[..., None]
) -> None:
    capable(bf16=True, int8=True)
    image = torch.rand(1, 3, 32, 48, generator=torch.Generator().manual_seed(0)) * 2 - 1
    pictures: dict[str, Tensor] = {}
    for precision in ("fp32", "bf16", "int8"):
        loaded = ErasePipeline.load(published_folder, device="cpu", precision=precision).model
        assert loaded is not None and isinstance(loaded.codec, KLCodec)
        kinds = {value.dtype for value in loaded.codec.autoencoder.state_dict().values()}
        assert kinds == {torch.bfloat16 if precision == "bf16" else torch.float32}
        with torch.inference_mode():
            latents = loaded.codec.encode(image, torch.Generator().manual_seed(0))
            pictures[precision] = loaded.codec.decode(latents)
        assert latents.dtype == pictures[precision].dtype == torch.float32
    assert torch.equal(pictures["int8"], pictures["fp32"])
    error = (pictures["bf16"] - pictures["fp32"]).norm() / pictures["fp32"].norm()
    assert 0 < error < 0.05


class Overflowing:
    """A U-Net whose values are infinite."""

    def __init__(self, unet: Any) -> None:
        self.unet, self.config = unet, unet.config

    def __call__(self, sample: Tensor, timesteps: Tensor, ids: Tensor) -> UNetOutput:
        output: UNetOutput = self.unet(sample, timesteps, ids)
        return UNetOutput(output.sample * float("inf"), output.block_outputs)


def test_values_that_outgrow_the_precision_are_computed_again_in_fp32(
    tiny: ErasePipeline, tiny_folder: Path, capable: Callable[..., None]
) -> None:
    capable(bf16=True)
    pipeline = ErasePipeline.load(tiny_folder, device="cpu", precision="bf16")
    assert pipeline.model is not None
    object.__setattr__(pipeline.model, "unet", Overflowing(pipeline.model.unet))
    notes: list[str] = []
    result = pipeline.erase(IMAGE, MASK, on_note=notes.append)
    assert notes == ["The model's values outgrew bf16. It now calculates in fp32, which is slower."]
    assert np.array_equal(result, tiny.erase(IMAGE, MASK))
    assert pipeline.precision == "fp32"
    pipeline.erase(IMAGE, MASK, on_note=notes.append)
    assert len(notes) == 1, "it stays there"


def test_in_fp32_the_weights_are_to_blame(tiny_folder: Path) -> None:
    pipeline = ErasePipeline.load(tiny_folder, device="cpu")
    assert pipeline.model is not None
    object.__setattr__(pipeline.model, "unet", Overflowing(pipeline.model.unet))
    with pytest.raises(ModelError, match="not finite"):
        pipeline.erase(IMAGE, MASK)


def test_the_rung_of_less_precision_reads_the_model_in_half(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.models.devices.precisions", lambda device: ["fp32", "bf16"])
    pipeline = ErasePipeline.load(tiny_folder, device="cpu")
    pipeline.runner.fall_back(MemoryFallback(half=True), lambda: None)
    assert pipeline.precision == "bf16" and pipeline.model is not None
    unet: Any = pipeline.model.unet
    assert unet.conv_norm_out.weight.dtype == torch.bfloat16
    assert (pipeline.erase(IMAGE, MASK) != IMAGE).any()
