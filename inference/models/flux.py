"""FLUX.1 Fill through diffusers' pipeline: an optional engine, imported only where such a model is loaded.

The prompt is always empty, so its embeddings are made once, and the text encoders, ten gigabytes, are dropped.
"""

from __future__ import annotations

import importlib.util
import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from inference.errors import Cancelled, ModelError, out_of_memory
from inference.models.catalogue import ModelFolder, read_json
from inference.models.codec import KLCodec
from inference.models.loaded import Model
from inference.runtime import Check, how_to_add, never

PACKAGES = ("accelerate", "google.protobuf", "sentencepiece", "tokenizers", "transformers")
ON_PROCESSOR = 2_000_000_000  # bytes of weights up to which a processor answers within minutes
WORKING = 1_500_000_000  # bytes beside the weights: activations at 1024 px, and the device's own
PROMPT_TOKENS = 512  # as the network was trained
PATCH = 2  # latent cells a token is wide


@dataclass(frozen=True)
class FluxModel(Model):
    """A loaded FLUX.1 Fill: ``unet`` is its transformer, ``codec`` holds its autoencoder."""

    codec: KLCodec
    pipe: Any  # diffusers.FluxFillPipeline without text encoders
    prompt: tuple[Tensor, Tensor]  # (1, 512, D) and (1, D'): the empty prompt, by token and pooled


def obstacle(folder: ModelFolder, device: torch.device) -> str | None:
    """Why the model can't run here, as a sentence that says what to do; None where it can."""
    missing = [name for name in PACKAGES if not _installed(name)]
    if missing:
        names = ", ".join(name.rpartition(".")[2] for name in missing)
        return f"{folder.title} needs packages that are not installed: {names}. {how_to_add('flux')}"
    held = sum(_size(folder, part) for part in ("transformer", "vae"))
    needed = max(held, _size(folder, "text_encoder") + _size(folder, "text_encoder_2")) + WORKING
    if device.type == "cuda":
        present = torch.cuda.get_device_properties(device).total_memory
        if present < needed:
            return (
                f"{folder.title} needs a graphics card with {_gigabytes(needed)} GB of memory; this one has "
                f"{present / (1 << 30):.0f} GB. Choose a smaller model."
            )
    elif device.type == "cpu" and held > ON_PROCESSOR:
        return (
            f"{folder.title} needs a graphics card with {_gigabytes(needed)} GB of memory; on the processor an erase "
            "would take hours. Choose a smaller model."
        )
    return None


def _installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # the package above it
        return False


def _size(folder: ModelFolder, part: str) -> int:
    return sum(file.stat().st_size for file in (folder.path / part).glob("*.safetensors"))


def _gigabytes(size: int) -> int:
    return math.ceil(size / (1 << 30))


def load_flux(folder: ModelFolder, device: torch.device, check: Check = never) -> FluxModel:
    """Load a diffusers folder of FLUX.1 Fill: text encoders first, dropped again, then what denoises.

    bfloat16, on a processor float32. Raises :class:`ModelError` where it can't run here or a part is damaged,
    and what ``check``, called between parts, raises to stop.
    """
    if (reason := obstacle(folder, device)) is not None:
        raise ModelError(reason)
    from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, FluxFillPipeline, FluxTransformer2DModel
    from transformers import CLIPTextModel, CLIPTokenizer, T5EncoderModel, T5TokenizerFast

    dtype = torch.float32 if device.type == "cpu" else torch.bfloat16

    # Classes are named here, not taken from the folder: nothing in it decides what code is run.
    def part(kind: Any, name: str, **options: Any) -> Any:
        check()
        return kind.from_pretrained(folder.path / name, local_files_only=True, **options)

    def network(kind: Any, name: str, **options: Any) -> Any:
        return part(kind, name, use_safetensors=True, **options).requires_grad_(False).eval().to(device)

    try:
        scheduler = part(FlowMatchEulerDiscreteScheduler, "scheduler")
        texts = FluxFillPipeline(
            scheduler=scheduler,
            vae=None,
            text_encoder=network(CLIPTextModel, "text_encoder", dtype=dtype),
            tokenizer=part(CLIPTokenizer, "tokenizer"),
            text_encoder_2=network(T5EncoderModel, "text_encoder_2", dtype=dtype),
            tokenizer_2=part(T5TokenizerFast, "tokenizer_2"),
            transformer=None,
        )
        with torch.no_grad():
            pooled = texts._get_clip_prompt_embeds("", device=device)
            tokens = texts._get_t5_prompt_embeds("", max_sequence_length=PROMPT_TOKENS, device=device)
        del texts
        transformer = network(FluxTransformer2DModel, "transformer", torch_dtype=dtype)
        vae = network(AutoencoderKL, "vae", torch_dtype=dtype)
        pipe = FluxFillPipeline(
            scheduler=scheduler,
            vae=vae,
            text_encoder=None,
            tokenizer=None,
            text_encoder_2=None,
            tokenizer_2=None,
            transformer=transformer,
        )
    except Cancelled:
        raise
    except Exception as error:  # readers meet damaged folders with every kind of exception
        if out_of_memory(error):
            raise
        text = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise ModelError(f"{folder.path} is damaged or incomplete; download it again. {text}") from error
    pipe.set_progress_bar_config(disable=True)
    return FluxModel(folder, transformer, KLCodec(vae), pipe, (tokens, pooled))


def empty_transformer(folder: ModelFolder) -> Any:
    """The network that denoises, without data."""
    from diffusers import FluxTransformer2DModel

    with torch.device("meta"):
        return FluxTransformer2DModel.from_config(read_json(folder.path / "transformer" / "config.json")).eval()


def tflops_per_step(folder: ModelFolder, size: int) -> float:
    """Multiply-adds of one step at ``size`` pixels, in 10^12, counted by running the transformer without data."""
    levels = read_json(folder.path / "vae" / "config.json")["block_out_channels"]
    side = size // 2 ** (len(levels) - 1) // PATCH
    transformer = empty_transformer(folder)
    config = transformer.config
    with torch.device("meta"), FlopCounterMode(display=False) as counter, torch.no_grad():
        transformer(
            hidden_states=torch.empty(1, side * side, config.in_channels),
            timestep=torch.empty(1),
            guidance=torch.empty(1) if config.guidance_embeds else None,
            pooled_projections=torch.empty(1, config.pooled_projection_dim),
            encoder_hidden_states=torch.empty(1, PROMPT_TOKENS, config.joint_attention_dim),
            txt_ids=torch.zeros(PROMPT_TOKENS, 3),
            img_ids=torch.zeros(side * side, 3),
        )
    return float(counter.get_total_flops()) / 2e12
