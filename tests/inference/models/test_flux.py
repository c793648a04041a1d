"""FLUX.1 Fill: found, refused with a reason, run as every other model, and not imported where it is not used."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from inference import Cancelled, ErasePipeline, find_model
from inference.bench import measure
from inference.errors import ModelError
from inference.models import flux as flux_module

WORDS = ["<|startoftext|>", "<|endoftext|>", "a</w>"]


@pytest.fixture(scope="session")
def tiny_flux(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in diffusers' form of a random network with the published one's parts."""
    transformers = pytest.importorskip("transformers", reason='needs the packages of the extra "flux"')
    pytest.importorskip("sentencepiece", reason='needs the packages of the extra "flux"')
    from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, FluxTransformer2DModel
    from tokenizers import Tokenizer, models

    root = tmp_path_factory.mktemp("flux")
    torch.manual_seed(0)
    FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True).save_pretrained(root / "scheduler")
    AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8, 8, 8, 8),
        latent_channels=4,
        norm_num_groups=4,
        shift_factor=0.1,
        scaling_factor=0.36,
        use_quant_conv=False,
        use_post_quant_conv=False,
    ).save_pretrained(root / "vae")
    FluxTransformer2DModel(
        in_channels=4 * (2 * 4 + 64),
        out_channels=4 * 4,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=16,
        pooled_projection_dim=16,
        guidance_embeds=True,
        axes_dims_rope=(4, 6, 6),
    ).save_pretrained(root / "transformer")
    sizes: dict[str, Any] = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
    transformers.CLIPTextModel(
        transformers.CLIPTextConfig(**sizes, num_attention_heads=2, vocab_size=3, bos_token_id=0, eos_token_id=1)
    ).save_pretrained(root / "text_encoder")
    transformers.T5EncoderModel(
        transformers.T5Config(d_model=16, d_ff=16, d_kv=8, num_heads=2, num_layers=1, vocab_size=8)
    ).save_pretrained(root / "text_encoder_2")
    (root / "words").mkdir()
    (root / "words" / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(WORDS)}))
    (root / "words" / "merges.txt").write_text("#version: 0.2\n")
    transformers.CLIPTokenizer(
        str(root / "words" / "vocab.json"), str(root / "words" / "merges.txt"), model_max_length=77
    ).save_pretrained(root / "tokenizer")
    pieces = Tokenizer(models.Unigram([("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("a", -1.0)], unk_id=2))
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=pieces, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(root / "tokenizer_2")
    (root / "model_index.json").write_text(json.dumps({"_class_name": "FluxFillPipeline"}))
    return root


@pytest.fixture
def named_folder(tmp_path: Path) -> Path:
    """What a folder of FLUX.1 Fill looks like from outside."""
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "FluxFillPipeline"}))
    for part in ("text_encoder", "text_encoder_2", "transformer", "vae"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "model.safetensors").touch()
    return tmp_path


def picture() -> tuple[np.ndarray, np.ndarray]:
    image = np.random.default_rng(0).integers(0, 255, (80, 96, 3), dtype=np.uint8)
    mask = np.zeros((80, 96), np.uint8)
    mask[30:50, 40:60] = 255
    return image, mask


def test_a_folder_is_known_by_its_index(named_folder: Path) -> None:
    folder = find_model(named_folder)
    assert folder.flux and folder.has_weights and folder.unet is None
    assert (folder.settings.steps, folder.settings.guidance) == (50, 30.0)
    assert "FLUX" in folder.title and "licence" in folder.note
    (named_folder / "vae" / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="lacks the weights of vae"):
        find_model(named_folder)
    (named_folder / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    with pytest.raises(ModelError, match="StableDiffusionPipeline"):
        find_model(named_folder)


def test_missing_packages_are_named_with_the_command(named_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flux_module, "PACKAGES", ("torch", "no_such_package"))
    with pytest.raises(ModelError, match=r'no_such_package.*pip install "\.\[flux\]"'):
        ErasePipeline.load(named_folder, device="cpu")
    row = measure(named_folder, size=64)
    assert row.seconds is None and "pip install" in row.note


def test_a_processor_and_a_small_card_are_refused(named_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flux_module, "PACKAGES", ("torch",))
    with (named_folder / "transformer" / "model.safetensors").open("wb") as file:
        file.truncate(23_800_000_000)  # sparse
    folder = find_model(named_folder)
    assert "24 GB" in (flux_module.obstacle(folder, torch.device("cpu")) or "")

    class Card:
        total_memory = 12 << 30

    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: Card)
    reason = flux_module.obstacle(folder, torch.device("cuda"))
    assert reason is not None and "24 GB" in reason and "has 12 GB" in reason
    Card.total_memory = 24 << 30
    assert flux_module.obstacle(folder, torch.device("cuda")) is None


def test_other_models_do_not_import_it() -> None:
    script = (
        "import sys; from inference import ErasePipeline; ErasePipeline.load('moebius-nano', 'cpu');"
        "names = ('inference.models.flux', 'diffusers.pipelines.flux', 'transformers.models.t5');"
        "print([m for m in sys.modules if m.startswith(names)])"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_it_erases_as_the_others_do(tiny_flux: Path) -> None:
    pipeline = ErasePipeline.load(tiny_flux, device="cpu")
    image, mask = picture()
    options: dict[str, Any] = {"steps": 3, "context": 64, "seed": 4}
    seen = []
    result = pipeline.erase(image, mask, on_step=lambda step, total, preview: seen.append((step, total)), **options)
    assert seen == [(1, 3), (2, 3), (3, 3)]
    untouched = ~pipeline.affected(mask)
    assert np.array_equal(result[untouched], image[untouched]) and (result != image).any()
    assert np.array_equal(result, pipeline.erase(image, mask, **options))
    for strength in (0.45, 0.99):
        assert pipeline.planned(image, mask, strength=strength, **options).steps == 3
        pipeline.erase(image, mask, strength=strength, on_step=lambda *step: seen.append(step[:2]), **options)
    assert seen[3:] == 2 * [(1, 3), (2, 3), (3, 3)]


def test_cancelled_within_a_step(tiny_flux: Path) -> None:
    pipeline = ErasePipeline.load(tiny_flux, device="cpu")
    asked = iter(range(1000))
    with pytest.raises(Cancelled):
        pipeline.erase_parts(*picture(), steps=2, context=64, cancelled=lambda: next(asked) > 120)
    assert pipeline.erase_parts(*picture(), steps=1, context=64)


def test_values_that_are_not_finite_end_it(tiny_flux: Path) -> None:
    pipeline = ErasePipeline.load(tiny_flux, device="cpu")
    unet: Any = pipeline.model.unet if pipeline.model is not None else None
    unet.proj_out.weight.fill_(torch.nan)
    with pytest.raises(ModelError, match="not finite"):
        pipeline.erase_parts(*picture(), steps=2, context=64)


def test_it_is_benchmarked(tiny_flux: Path) -> None:
    row = measure(tiny_flux, size=64, device="cpu", repeats=1, steps=2, context=64)
    assert row.steps == 2 and row.step_ms is not None and row.seconds is not None, row.note
    assert row.parameters is not None and row.parameters > 1000 and row.tflops is not None and row.tflops > 0


def test_a_damaged_folder_is_refused(tiny_flux: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(tiny_flux, tmp_path / "copy")
    weights = next((copy / "transformer").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:200])
    with pytest.raises(ModelError, match="damaged or incomplete"):
        ErasePipeline.load(copy, device="cpu")
