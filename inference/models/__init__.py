"""Models on disk and in memory: the catalogue, checkpoints, devices, autoencoders, FLUX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.lazy import lookup

if TYPE_CHECKING:
    from inference.models.catalogue import (
        AS_PUBLISHED,
        BUNDLED,
        DEFAULT_MODEL,
        HALVES,
        PATCH_FILL,
        PREVIEWS,
        PUBLISHED,
        EraseSettings,
        ModelFolder,
        bundled_models,
        checkpoint_in,
        find_model,
        only_folder,
        read_json,
    )
    from inference.models.checkpoints import load_weights, read_checkpoint
    from inference.models.checksums import differing, sha256, write_sums
    from inference.models.codec import ColourMap, KLCodec
    from inference.models.devices import (
        available_devices,
        choose_device,
        choose_precision,
        place,
        precision_for,
        precisions,
        unused_card,
        why_unused,
    )
    from inference.models.flux import PATCH, FluxModel, empty_transformer, tflops_per_step
    from inference.models.folders import (
        INCOMPLETE,
        PREVIEW_DECODER,
        RECORD,
        SHARED_VAE,
        forget_download,
        has_autoencoder,
        incomplete_folder,
        installed_models,
        installed_path,
        installed_segmenter,
        is_segmenter,
        models_folder,
        read_record,
        remove_model,
        write_durably,
    )
    from inference.models.hub_cache import autoencoder_of, snapshot_of
    from inference.models.loaded import Model
    from inference.models.loading import kl_autoencoder, load_model
    from inference.models.presets import QUICK, SPEEDS, Preset, chosen_preset, presets_of
    from inference.models.preview_decoder import is_tiny, tiny_autoencoder
    from inference.models.segmenter import Segmenter, load_segmenter
    from inference.models.timings import Timings, Work, file_stamps, identity

__all__ = [
    "AS_PUBLISHED",
    "BUNDLED",
    "DEFAULT_MODEL",
    "HALVES",
    "INCOMPLETE",
    "PATCH",
    "PATCH_FILL",
    "PREVIEWS",
    "PREVIEW_DECODER",
    "PUBLISHED",
    "QUICK",
    "RECORD",
    "SHARED_VAE",
    "SPEEDS",
    "ColourMap",
    "EraseSettings",
    "FluxModel",
    "KLCodec",
    "Model",
    "ModelFolder",
    "Preset",
    "Segmenter",
    "Timings",
    "Work",
    "autoencoder_of",
    "available_devices",
    "bundled_models",
    "checkpoint_in",
    "choose_device",
    "choose_precision",
    "chosen_preset",
    "differing",
    "empty_transformer",
    "file_stamps",
    "find_model",
    "forget_download",
    "has_autoencoder",
    "identity",
    "incomplete_folder",
    "installed_models",
    "installed_path",
    "installed_segmenter",
    "is_segmenter",
    "is_tiny",
    "kl_autoencoder",
    "load_model",
    "load_segmenter",
    "load_weights",
    "models_folder",
    "only_folder",
    "place",
    "precision_for",
    "precisions",
    "presets_of",
    "read_checkpoint",
    "read_json",
    "read_record",
    "remove_model",
    "sha256",
    "snapshot_of",
    "tflops_per_step",
    "tiny_autoencoder",
    "unused_card",
    "why_unused",
    "write_durably",
    "write_sums",
]

_HOMES = {
    "preview_decoder": (
        "tiny_autoencoder",
        "is_tiny",
    ),
    "hub_cache": (
        "snapshot_of",
        "autoencoder_of",
    ),
    "catalogue": (
        "HALVES",
        "PREVIEWS",
        "only_folder",
        "PUBLISHED",
        "AS_PUBLISHED",
        "BUNDLED",
        "DEFAULT_MODEL",
        "EraseSettings",
        "ModelFolder",
        "PATCH_FILL",
        "bundled_models",
        "checkpoint_in",
        "find_model",
        "read_json",
    ),
    "checkpoints": (
        "load_weights",
        "read_checkpoint",
    ),
    "checksums": (
        "differing",
        "sha256",
        "write_sums",
    ),
    "codec": (
        "ColourMap",
        "KLCodec",
    ),
    "devices": (
        "unused_card",
        "why_unused",
        "place",
        "available_devices",
        "choose_device",
        "choose_precision",
        "precision_for",
        "precisions",
    ),
    "flux": (
        "FluxModel",
        "PATCH",
        "empty_transformer",
        "tflops_per_step",
    ),
    "folders": (
        "PREVIEW_DECODER",
        "INCOMPLETE",
        "RECORD",
        "SHARED_VAE",
        "forget_download",
        "has_autoencoder",
        "incomplete_folder",
        "installed_models",
        "installed_path",
        "installed_segmenter",
        "is_segmenter",
        "models_folder",
        "read_record",
        "remove_model",
        "write_durably",
    ),
    "loaded": ("Model",),
    "loading": (
        "kl_autoencoder",
        "load_model",
    ),
    "presets": (
        "QUICK",
        "SPEEDS",
        "Preset",
        "chosen_preset",
        "presets_of",
    ),
    "segmenter": (
        "Segmenter",
        "load_segmenter",
    ),
    "timings": (
        "Timings",
        "Work",
        "file_stamps",
        "identity",
    ),
}

__getattr__ = lookup(__name__, _HOMES)
