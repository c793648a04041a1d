"""The catalogue: which models there are, known without reading weights or importing torch."""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from inference.errors import ModelError
from inference.models.folders import PREVIEW_DECODER, installed_models, installed_path, read_record
from inference.models.hub_cache import autoencoder_of, snapshot_of
from inference.networks import (
    PIXELHACKER_CONFIGS,
    RELEASED_SCHEDULE,
    UNET_CONFIGS,
    PatchAutoencoderConfig,
    PixelHackerConfig,
    UNetConfig,
    unet_config,
)

BUNDLED = Path(__file__).resolve().parents[2] / "resources" / "models"
DEFAULT_MODEL = "moebius-nano"
PATCH_FILL = "patch-fill"  # no model at all: the hole is filled with patches
FLUX_CLASS = "FluxFillPipeline"  # as its model_index.json calls it
FLUX_PARTS = ("text_encoder", "text_encoder_2", "transformer", "vae")
NAMES = 1 << 20  # bytes at a checkpoint's start that hold the names of its entries
LAYOUT_SIDE = 256  # pixels of the square that a layout is measured in
HALVES = ("bf16", "fp16")  # precisions of half the width: see inference.models.devices
PREVIEWS = ("exact", "fast", "fitted")  # how steps are drawn: see inference.models.codec.Codec.preview
CHECKPOINT_SUFFIXES = (".safetensors", ".bin", ".pt", ".pth", ".ckpt")


@dataclass(frozen=True)
class EraseSettings:
    """A model's defaults and the way its results reach the picture."""

    steps: int = 19  # that are run; as released: a schedule of 20, of which the strength leaves 19
    strength: float = 0.99  # how far towards noise the start is brought
    guidance: float = 2.0
    noise_offset: float = 0.0357  # standard deviation of a shift per channel added to the noise
    condition: str = "grey"  # what the masked-image latents show in the hole: "grey" or "fill"
    start: str = "picture"  # what is noised at the start: "picture" (as released) or "fill"; "noise": nothing is
    rim: float = 0.0  # how far a fill that a layout corrects gives way to the known pixels it touches
    solver: str = "ddim"  # or "dpm++", "unipc": fewer steps for the same quality
    guidance_until: float = 1.0  # share of the steps that are guided, from the first; fewer are quicker
    deep_every: int = 1  # deep features of the network are computed at one of so many steps and used at those after it
    fill_radius: int = 4  # of the patch fill, in pixels
    continue_edges: bool = True  # whether a patch fill first continues the edges that a hole interrupts
    exact_mask: bool = False  # the mask is neither grown nor faded
    cover_traces: bool = True  # what of a thing lies beside a mask that is not exact goes too
    context: int = 0  # side in pixels at which the model works; 0: its native one
    least_context: int = 64  # picture pixels around one of many small holes; larger is slower, 512: they share one
    refine: float = 0.45  # strength of the tiles over a hole much larger than the context; 0: none
    temperature: float = 1.0  # of the noise that a layout begins as: below 1 nearer to the mean of what is likely
    colour: str = "membrane"  # how colours are matched around the hole: see inference.erase.settings
    previews: str = "fast"  # how steps are drawn: one of PREVIEWS

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> EraseSettings:
        unknown = sorted(set(values) - {f.name for f in fields(cls)})
        if unknown:
            raise ModelError(f"unknown erase settings: {', '.join(unknown)}.")
        for f in fields(cls):
            kind = (int, float) if isinstance(f.default, float) else type(f.default)
            value = values.get(f.name, f.default)
            if not isinstance(value, kind) or (isinstance(value, bool) and not isinstance(f.default, bool)):
                raise ModelError(f"the erase setting {f.name} can't be {value!r}.")
        settings = cls(**values)
        if settings.condition not in ("grey", "fill") or settings.start not in ("noise", "picture", "fill"):
            raise ModelError(f"no such way to start: {settings.condition!r}, {settings.start!r}.")
        if not 0 <= settings.rim <= 10:
            raise ModelError(f"rim must be between 0 and 10, not {settings.rim}.")
        if settings.least_context < 32:
            raise ModelError(f"least_context must be at least 32, not {settings.least_context}.")
        if settings.fill_radius < 1:
            raise ModelError(f"fill_radius must be at least 1, not {settings.fill_radius}.")
        return settings


# The published models: nothing of what is to be erased is in the start, so that it can't come back.
PUBLISHED = EraseSettings(steps=20, strength=1.0, start="noise")
# As their authors run them: at 0.99, that is at time 900, a tenth of the picture is left in the start.
AS_PUBLISHED: dict[str, Any] = {"start": "picture", "steps": 19, "strength": 0.99}


@dataclass(frozen=True)
class ModelFolder:
    """What is known of a model before its weights are read."""

    name: str
    path: Path
    title: str
    note: str
    unet: UNetConfig | PixelHackerConfig | None  # None: there is no model
    schedule: dict[str, Any]
    settings: EraseSettings
    autoencoder: PatchAutoencoderConfig | None  # None: SDXL's, beside the checkpoint
    files: dict[str, Path] = field(repr=False)
    layout: bool = False  # what is denoised is a coarse layout, whose texture is copied: no autoencoder
    flux: bool = False  # FLUX.1 Fill in diffusers' form: described by its own folder, no ``unet`` here

    @property
    def has_weights(self) -> bool:
        """Whether there is a network to load."""
        return self.unet is not None or self.flux

    @property
    def native(self) -> int:
        """Side in pixels of the square the model works on."""
        if self.layout:
            return LAYOUT_SIDE
        return self.unet.grid * 8 if self.unet is not None else 512


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; raises :class:`ModelError`."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{path} can't be read: {error.strerror}.") from error
    except ValueError as error:
        raise ModelError(f"{path} is damaged: it is not valid JSON.") from error
    if not isinstance(values, dict):
        raise ModelError(f"{path} is damaged: it is not a JSON object.")
    return values


def bundled_models() -> list[str]:
    """Names of the models that come with the program."""
    if not BUNDLED.is_dir():
        return []
    return sorted(p.name for p in BUNDLED.iterdir() if (p / "config.json").is_file())


def find_model(model: str | Path) -> ModelFolder:
    """Look up the name of a bundled or an installed model, a folder, or a checkpoint file; reads no weights.

    Raises :class:`ModelError` with a sentence naming what is missing.
    """
    if str(model) == PATCH_FILL:
        return _patch_fill()
    if str(model) == PREVIEW_DECODER and installed_path(PREVIEW_DECODER) is not None:
        raise ModelError(f"{PREVIEW_DECODER} draws previews; nothing can be erased with it. Choose a model.")
    path = BUNDLED / model if isinstance(model, str) and model in bundled_models() else _expanded(model)
    if isinstance(model, str) and (installed := installed_path(model)) is not None and model not in bundled_models():
        return _installed(model, installed)
    if not str(model) or not path.exists():
        known = ", ".join((*bundled_models(), *installed_models())) or "none"
        raise ModelError(f"There is no model {str(model)!r}: neither a folder nor one that is installed ({known}).")
    return _folder_of(path)


def _folder_of(path: Path) -> ModelFolder:
    path = snapshot_of(path)
    if (path / "model_index.json").is_file():
        return _flux_folder(path)
    config = path / "config.json"
    if config.is_file():
        values = read_json(config)
        if "unet" in values:
            return _own_folder(path, values)
    return _published_folder(path)


def _installed(name: str, path: Path) -> ModelFolder:
    """A model of the user's own folder, under the title it was installed with."""
    folder, record = _folder_of(path), read_record(path)
    title, note = (str(record.get(key) or default) for key, default in (("title", folder.title), ("note", folder.note)))
    return replace(folder, name=name, title=title, note=note)


def _patch_fill() -> ModelFolder:
    return ModelFolder(
        name=PATCH_FILL,
        path=Path(PATCH_FILL),
        title="Patch fill (no model)",
        note="At once, and without a model: copies texture from around the hole.",
        unet=None,
        schedule={},
        settings=EraseSettings(steps=1, strength=1.0, guidance=1.0, start="fill"),
        autoencoder=None,
        files={},
    )


def _flux_folder(path: Path) -> ModelFolder:
    kind = read_json(path / "model_index.json").get("_class_name")
    if kind != FLUX_CLASS:
        raise ModelError(f"{path} is a {kind}; of models in diffusers' form only FLUX.1 Fill can be used.")
    weights = {part: path / part for part in FLUX_PARTS}
    missing = [part for part, folder in weights.items() if not any(folder.glob("*.safetensors"))]
    if missing:
        raise ModelError(f"{path} lacks the weights of {', '.join(missing)}; download the model again.")
    return ModelFolder(
        name=str(path),
        path=path,
        title="FLUX.1 Fill [dev]",
        note="Large objects and invented detail. Needs a graphics card. Its licence forbids commercial use.",
        unet=None,
        schedule={},
        settings=EraseSettings(steps=50, strength=1.0, guidance=30.0, noise_offset=0.0),
        autoencoder=None,
        files=weights,
        flux=True,
    )


def _expanded(model: str | Path) -> Path:
    try:
        return Path(model).expanduser()
    except RuntimeError:  # the home of a user who is not there
        return Path(model)


def _own_folder(path: Path, values: dict[str, Any]) -> ModelFolder:
    layout = bool(values.get("layout", False))
    try:
        folder = ModelFolder(
            name=str(values.get("name", path.name)),
            path=path,
            title=str(values.get("title", path.name)),
            note=str(values.get("note", "")),
            unet=unet_config(dict(values["unet"])),
            schedule=dict(values["schedule"]),
            settings=EraseSettings.from_dict(dict(values.get("erase", {}))),
            autoencoder=None if layout else PatchAutoencoderConfig.from_dict(dict(values["autoencoder"])),
            files={part: path / f"{part}.safetensors" for part in (("unet",) if layout else ("unet", "autoencoder"))},
            layout=layout,
        )
    except ModelError as error:
        raise ModelError(f"{path / 'config.json'}: {error}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path / 'config.json'} is incomplete or damaged: {error}.") from error
    for file in folder.files.values():
        if not file.is_file():
            raise ModelError(f"{file} is missing; copy the whole model folder again.")
    return folder


def _published_folder(path: Path) -> ModelFolder:
    checkpoint = path if path.is_file() else checkpoint_in(only_folder(path))
    if checkpoint.suffix not in CHECKPOINT_SUFFIXES:
        raise ModelError(f"{path} is not a checkpoint; it should end in {', '.join(CHECKPOINT_SUFFIXES)}.")
    root = checkpoint.parent
    vae = autoencoder_of(root)
    if vae is None:
        raise ModelError(
            f"{root} has no vae folder. Put the autoencoder (folder 'vae' of hustvl/PixelHacker) beside the checkpoint."
        )
    teacher = _names_attention(checkpoint)
    return ModelFolder(
        name=str(path),
        path=path,
        title=f"{'PixelHacker' if teacher else 'Moebius'} ({root.name})",
        note=(
            "Moebius's teacher: four times as large, several times slower."
            if teacher
            else "The full Moebius weights: makes the hole's content anew, from noise."
        ),
        unet=PIXELHACKER_CONFIGS["pixelhacker"] if teacher else UNET_CONFIGS["moebius"],
        schedule=dict(RELEASED_SCHEDULE),
        settings=replace(PUBLISHED, guidance=4.5) if teacher else PUBLISHED,
        autoencoder=None,
        files={"unet": checkpoint, "autoencoder": checkpoint_in(vae)},
    )


def _names_attention(checkpoint: Path) -> bool:
    """Whether a checkpoint's entries are PixelHacker's, by a name of theirs; the weights themselves are not read."""
    name = b"attn1.gk_proj"
    try:
        if zipfile.is_zipfile(checkpoint):
            with zipfile.ZipFile(checkpoint) as archive:
                pickles = [n for n in archive.namelist() if n.endswith("data.pkl")]
                return any(name in archive.read(n) for n in pickles)
        with checkpoint.open("rb") as file:  # safetensors and old pickles name their entries first
            return name in file.read(NAMES)
    except (OSError, zipfile.BadZipFile, RuntimeError, zlib.error, NotImplementedError):
        return False  # what is wrong with it is said when it is read


def only_folder(path: Path) -> Path:
    """``path``, or its one folder with a checkpoint where it has none itself, as a cached repository has."""
    if any(p.suffix in CHECKPOINT_SUFFIXES for p in path.iterdir()):
        return path
    inner = [p for p in path.iterdir() if p.is_dir() and p.name != "vae"]
    inner = [p for p in inner if any(f.suffix in CHECKPOINT_SUFFIXES and f.is_file() for f in p.iterdir())]
    return inner[0] if len(inner) == 1 else path


def checkpoint_in(folder: Path) -> Path:
    """The one checkpoint of a folder; safetensors are preferred to pickles of the same name."""
    found = [p for p in sorted(folder.iterdir()) if p.suffix in CHECKPOINT_SUFFIXES and p.is_file()]
    if not found:
        inner = [p.name for p in sorted(folder.iterdir()) if p.is_dir() and p.name != "vae"]
        hint = f" Perhaps one of its folders is meant: {', '.join(inner[:8])}." if inner else ""
        raise ModelError(f"{folder} holds no checkpoint (*.safetensors or *.bin).{hint}")
    standard = [p for p in found if p.stem == "diffusion_pytorch_model"] or found
    if len({p.stem for p in standard}) > 1:
        raise ModelError(f"{folder} holds several checkpoints: {', '.join(p.name for p in standard)}. Choose one.")
    return min(standard, key=lambda p: CHECKPOINT_SUFFIXES.index(p.suffix))
