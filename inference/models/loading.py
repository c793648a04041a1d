"""Loading a model: the U-Net and its autoencoder read, checked and placed on a device."""

from __future__ import annotations

import math
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from inference.errors import ModelError
from inference.models.catalogue import ModelFolder, find_model, read_json
from inference.models.checkpoints import load_weights, read_checkpoint
from inference.models.codec import Codec, KLCodec, PatchCodec
from inference.models.devices import place
from inference.models.loaded import Model
from inference.networks import PatchAutoencoder, build_unet
from inference.runtime import Check, never, one_thread, shapes_only, without
from inference.sampling import ddim

if TYPE_CHECKING:
    from diffusers import AutoencoderKL

SMALL = 1 << 26  # bytes of weights that are no work for several threads
# SDXL's autoencoder, for published folders whose vae/ comes without its config.json.
_SDXL_VAE: dict[str, Any] = {
    "in_channels": 3,
    "out_channels": 3,
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "block_out_channels": (128, 256, 512, 512),
    "layers_per_block": 2,
    "latent_channels": 4,
    "scaling_factor": 0.13025,
    "sample_size": 1024,
}
_VAE_SETTINGS = (*_SDXL_VAE, "act_fn", "norm_num_groups", "force_upcast", "mid_block_add_attention")
# Attention entries as older diffusers wrote them.
_OLD_ATTENTION = {".query.": ".to_q.", ".key.": ".to_k.", ".value.": ".to_v.", ".proj_attn.": ".to_out.0."}


def load_model(model: str | Path, device: torch.device, check: Check = never, *, precision: str = "fp32") -> Model:
    """Read, check and place a model's weights; raises :class:`ModelError`, and what ``check`` raises to stop.

    ``precision``: the U-Net's, as chosen by :func:`inference.models.devices.choose_precision`. The large autoencoder
    calculates in fp32, or in bf16 where that is chosen; in fp16 its values overflow.
    """
    folder = find_model(model)
    small = sum(file.stat().st_size for file in folder.files.values() if file.is_file()) < SMALL
    with one_thread() if small else nullcontext():
        return _load(folder, device, check, precision)


def _load(folder: ModelFolder, device: torch.device, check: Check, precision: str) -> Model:
    if folder.flux:
        from inference.models.flux import load_flux

        return load_flux(folder, device, check)
    if folder.unet is None:
        raise ModelError(f"{folder.title} has no weights to load.")
    try:
        prediction = ddim(folder.schedule).config.prediction_type
        if prediction not in ("epsilon", "sample", "v_prediction"):  # asked for at the first step only
            raise ValueError(f"prediction_type is {prediction!r}")
    except (TypeError, ValueError, RuntimeError) as error:
        raise ModelError(f"{folder.path} has a noise schedule that can't be used: {error}") from error
    with shapes_only():
        unet = build_unet(folder.unet)
    load_weights(unet, read_checkpoint(folder.files["unet"], check), folder.files["unet"], check)
    form = place(unet.requires_grad_(False).eval(), device, precision, check)
    if folder.layout:
        return Model(folder, form, None)
    codec, notes = _load_codec(folder, folder.unet.latent_channels, device, precision, check)
    return Model(folder, form, codec, notes=notes)


def _load_codec(
    folder: ModelFolder, latent_channels: int, device: torch.device, precision: str, check: Check
) -> tuple[Codec, tuple[str, ...]]:
    file = folder.files["autoencoder"]
    state = read_checkpoint(file, check)
    if folder.autoencoder is not None:
        if folder.autoencoder.latent_channels != latent_channels:
            raise ModelError(f"{folder.path / 'config.json'}: U-Net and autoencoder differ in their latent channels.")
        with shapes_only():
            autoencoder = PatchAutoencoder(folder.autoencoder)
        load_weights(autoencoder, state, file, check)
        return PatchCodec(autoencoder.requires_grad_(False).eval().to(device)), ()
    vae = kl_autoencoder(file, state, latent_channels, check).requires_grad_(False).eval()
    if device.type == "cpu":  # a batch gains nothing there, and an erase can be stopped between its pictures
        vae.enable_slicing()
    if precision == "bf16":
        nn.Module.to(vae, torch.bfloat16)  # diffusers' own warns of parts that stay in fp32, of which it has none
    if device.type != "cpu" or precision == "bf16":
        vae.to(memory_format=torch.channels_last)
    from inference.models.preview_decoder import installed_decoder

    try:
        return KLCodec(vae.to(device), installed_decoder(device, check)), ()
    except ModelError as error:
        return KLCodec(vae.to(device)), (str(error),)


def kl_autoencoder(file: Path, state: dict[str, Tensor], latent_channels: int, check: Check = never) -> AutoencoderKL:
    """SDXL's autoencoder from the entries of ``file``, beside which its config.json may lie; on the processor.

    Raises :class:`ModelError` naming what does not fit.
    """
    with without("scipy"):  # not without torch's compiler: what diffusers imports beside its autoencoders names it
        from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

    settings = dict(_SDXL_VAE)
    config = file.parent / "config.json"
    if config.is_file():
        settings |= {k: v for k, v in read_json(config).items() if k in _VAE_SETTINGS}
    for old, new in _OLD_ATTENTION.items():
        state = {k.replace(old, new) if "attentions" in k else k: v for k, v in state.items()}
    state = {
        k: v[:, :, 0, 0] if "attentions" in k and v.dim() == 4 else v for k, v in state.items()
    }  # 1x1 convolutions, in the oldest files
    try:
        with shapes_only():
            vae = AutoencoderKL(**settings)
    except Exception as error:  # the settings reach every layer as they are
        raise ModelError(f"{config} does not describe an autoencoder: {error}") from error
    scale, channels = settings["scaling_factor"], settings["latent_channels"]
    if not isinstance(scale, int | float) or not 0 < scale < math.inf:
        raise ModelError(f"{config} does not describe an autoencoder: scaling_factor is {scale!r}.")
    if channels != latent_channels:
        raise ModelError(
            f"{file} has {channels} latent channels, the model {latent_channels}; "
            "use the autoencoder that belongs to it (folder 'vae' of hustvl/PixelHacker)."
        )
    load_weights(vae, state, file, check)
    return vae
