"""Settings of the commands: dataclasses, read from TOML files and command-line options, checked where they enter.

A setting is declared once, with its default and its help; ``--help`` and the files' keys follow from that.
"""

# ruff: noqa: RUF009
from __future__ import annotations

import argparse
import difflib
import tomllib
import types
import typing
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class ConfigError(ValueError):
    """A setting that is unknown, missing or of the wrong kind; the message names it."""


def option(help: str, default: Any = MISSING, *, choices: tuple[str, ...] = (), least: float | None = None) -> Any:
    """A dataclass field with its help, and what it may be."""
    metadata = {"help": help, "choices": choices, "least": least}
    if isinstance(default, dict):
        return field(default_factory=default.copy, metadata=metadata, kw_only=True)
    return field(default=default, metadata=metadata, kw_only=True)


@dataclass(frozen=True)
class Picking:
    """Where pictures come from."""

    photos: Path | None = option("folder of photographs, or a text file naming one a line", None)
    cutouts: Path | None = option("folder of RGBA cut-outs of objects, pasted over photographs", None)
    segments: Path | None = option(
        "folder of masks of objects, named as the photographs are (any suffix); not black: object", None
    )


@dataclass(frozen=True)
class PrepareConfig(Picking):
    """``prepare``: samples into shards of 64."""

    out: Path = option("folder of shards; those already there are kept")
    shards: int = option("how many", 60, least=1)
    size: int = option("side of the squares in pixels", 256, least=16)
    kept: int = option("side they are kept at, a divisor of size; 0: size", 0, least=0)
    seed: int = option("decides everything that is drawn", 0, least=0)


@dataclass(frozen=True)
class PackConfig:
    """``pack``: photographs as one file for a training on layouts elsewhere."""

    photos: Path = option("folder of photographs")
    out: Path = option("tar to write")
    side: int = option("pixels of the shorter side at most", 512, least=256)
    quality: int = option("of the JPEGs", 82, least=1)


@dataclass(frozen=True)
class PrepareLayoutsConfig:
    """``prepare-layouts``: samples of a training on layouts, in slices of 8."""

    photos: Path = option("folder of photographs, or a tar of pack")
    out: Path = option("folder of slices; those already there are kept")
    slices: int = option("how many", 1000, least=1)
    first: int = option("where to begin: of several processes side by side 0, 1, 2, ...", 0, least=0)
    every: int = option("how many processes there are", 1, least=1)
    scene_share: float = option("share of samples that are drawn scenes", 0.2, least=0)
    seed: int = option("decides everything that is drawn", 0, least=0)


@dataclass(frozen=True)
class FitChoiceConfig:
    """``fit-choice``: which of two fills to believe where, as a linear function."""

    samples: Path = option("folder of prepare-layouts")


@dataclass(frozen=True)
class LoopConfig:
    """What every training has."""

    out: Path = option("folder of checkpoints, losses and curves")
    resume: bool = option("go on from the checkpoint in the folder", False)
    steps: int = option("optimizer steps in all", 10_000, least=1)
    minutes: float = option(
        "save and stop after this many minutes of wall time, to go on later; 0: never", 0.0, least=0
    )
    batch: int = option("samples per step, over all processes and accumulated parts", 16, least=1)
    accumulate: int = option("parts a process's share of the batch is computed in", 1, least=1)
    rate: float = option("learning rate", 1e-4, least=0)
    warmup: int = option("steps until it is reached", 500, least=0)
    schedule: str = option("of the learning rate", "constant", choices=("constant", "cosine"))
    schedule_minutes: float = option(
        "minutes of training the cosine ends after; 0: it ends with the steps", 0.0, least=0
    )
    save_minutes: float = option("minutes between two checkpoints, beside save_every; 0: never", 0.0, least=0)
    optimizer: str = option("muon: for the matrices, AdamW for the rest", "muon", choices=("muon", "adamw"))
    weight_decay: float = option("of the matrices", 0.01, least=0)
    momentum: float = option("Muon's", 0.95, least=0)
    beta1: float = option("AdamW's", 0.9, least=0)
    beta2: float = option("AdamW's", 0.999, least=0)
    clip: float = option("largest norm of all gradients; 0: any", 1.0, least=0)
    ema: float = option("decay of the average of the weights; 0: none", 0.9999, least=0)
    precision: str = option("of the forward pass; weights are kept in fp32", "fp32", choices=("fp32", "bf16", "fp16"))
    shared_norms: bool = option(
        "BatchNorm over the batches of all processes, as one would; off: each has its own, without waiting", True
    )
    seed: int = option("decides everything that is drawn", 0, least=0)
    log_every: int = option("steps between two lines", 50, least=1)
    save_every: int = option("steps between two checkpoints", 1000, least=1)
    workers: int = option("threads that prepare batches ahead", 1, least=1)
    tensorboard: bool = option("curves for tensorboard, in out/curves", True)


@dataclass(frozen=True)
class AutoencoderTrainingConfig(Picking, LoopConfig):
    """``train-autoencoder``: the small autoencoder."""

    crop: int = option("side of the crops in pixels", 128, least=16)
    latent_noise: float = option("standard deviation of the noise decoding must bear", 0.02, least=0)
    autoencoder: dict[str, Any] = option("table: widths and channels that differ from the default", {})


@dataclass(frozen=True)
class TrainConfig(Picking, LoopConfig):
    """``train``: a U-Net without teacher."""

    samples: Path | None = option(
        "folder of shards, or of prepare-layouts; without it samples are drawn from the photographs", None
    )
    drawn_share: float = option(
        "with both shards and photographs: share of samples drawn from photographs", 0.5, least=0
    )
    model: str = option("name of the U-Net", "moebius-nano")
    unet: dict[str, Any] = option("table: entries of its configuration that differ", {})
    start: Path | None = option("weights to start from: a checkpoint or a model's file", None)
    autoencoder: Path | None = option("its folder: of train-autoencoder, of a model, or a vae folder", None)
    objective: str = option("what is predicted", "epsilon", choices=("epsilon", "layout"))
    timesteps: str = option("how they are drawn", "uniform", choices=("lognorm", "uniform"))
    last_share: float = option("share of samples at the last timestep, where pure noise starts", 0.0, least=0)
    noise_offset: float = option("standard deviation of a shift per channel added to the noise", 0.0, least=0)
    size: int = option("side of the squares in pixels", 256, least=16)
    varied_sizes: bool = option("two thirds of the steps on squares of 3/4 and 1/2 the side", False)
    checkpointing: bool = option("compute activations twice to hold fewer", False)


@dataclass(frozen=True)
class DistillConfig(TrainConfig):
    """``distill``: a student taught by a frozen teacher, as in the Moebius paper (arXiv 2606.19195)."""

    teacher: str = option("name of the teacher's U-Net", "pixelhacker")
    teacher_unet: dict[str, Any] = option("table: entries of its configuration that differ", {})
    teacher_weights: Path | None = option("the teacher's checkpoint or model file")
    teacher_block: int = option(
        "which of the teacher's blocks the student's deepest one imitates; -1: its first up", -1
    )
    perceptual: str = option(
        "elatentlpips needs its package and weights; random_features needs nothing",
        "elatentlpips",
        choices=("elatentlpips", "random_features", "none"),
    )
    coarse_weight: float = option("a of the paper", 0.01, least=0)
    task_weight: float = option("b of the paper", 0.5, least=0)
    perceptual_weight: float = option("c of the paper", 0.5, least=0)


@dataclass(frozen=True)
class EvaluateConfig:
    """``evaluate``: fills compared on pictures whose truth is known."""

    photos: Path = option("folder of photographs, or a text file naming one a line")
    out: Path = option("folder of results.json, table.md and sheet.png")
    masks: Path | None = option("folder of masks named as the pictures are, white: hole; else masks are drawn", None)
    cutouts: Path | None = option("folder of RGBA cut-outs, for masks in the shape of objects", None)
    kind: str = option(
        "of the masks drawn; structure: strokes across edges that go on beyond them, at most three a photograph",
        "medium",
        choices=("medium", "thin", "thick", "boxes", "objects", "mixed", "structure"),
    )
    held_out: Path | None = option("text file of file names: no other photographs of the folder are used", None)
    model: str = option("bundled name or folder", "moebius-nano")
    methods: str = option("comma-separated names, from --list; empty: the usual ones", "")
    list: bool = option("list the methods and stop", False)
    count: int = option("crops to draw, or at most as many pictures with masks", 100, least=1)
    size: int = option("side of the crops in pixels; with given masks 0 takes pictures whole", 256, least=0)
    seed: int = option("decides crops, masks and noise", 2026, least=0)
    cache: Path | None = option("folder where patch fills are kept between runs; default: out/cache", None)
    controls: str = option(
        "comma-separated methods beside which the patch fill is put, blurred to their sharpness", "default,exact"
    )
    rows: int = option("pictures on the contact sheet", 16, least=0)
    lpips: bool = option("LPIPS and FID too, where their packages and weights are there", True)


@dataclass(frozen=True)
class ExportConfig:
    """``export``: averaged weights as a model folder the program loads."""

    run: Path = option("folder of train's or distill's checkpoint")
    model: Path = option("folder to write")
    autoencoder: Path | None = option("its folder; default: the one it was trained with", None)
    layout: str = option(
        "own: config.json, unet and autoencoder; published: one checkpoint and a vae folder, for moebius",
        "own",
        choices=("own", "published"),
    )
    averaged: bool = option("the moving average rather than the last weights", True)
    half: bool = option("half precision on disk", True)
    name: str = option("of the model; default: the U-Net's", "")
    title: str = option("what the program shows; default: the U-Net's, of a model of layouts its folder's name", "")
    note: str = option("one line about it", "")
    settings: Path | None = option("TOML file of the erase settings (steps, strength, ...) to store", None)


@dataclass(frozen=True)
class CurvesConfig:
    """``curves``: losses of trainings as a picture."""

    runs: str = option("comma-separated folders of trainings")
    out: Path = option("file to write; its suffix is the format: png, svg, pdf")
    losses: str = option("comma-separated names; empty: all there are", "loss")
    window: int = option("lines before and after a point that its mean is of", 5, least=0)


def _kinds(annotation: Any) -> tuple[Any, ...]:
    return typing.get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)


def _value(f: Field[Any], annotation: Any, value: Any) -> Any:
    """``value`` as the field wants it; raises :class:`ConfigError`."""
    kinds = _kinds(annotation)
    plain = [typing.get_origin(k) or k for k in kinds]
    if Path in plain and isinstance(value, str | Path):
        return Path(value).expanduser()
    if float in plain and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, tuple(plain)) or (isinstance(value, bool) and bool not in plain):
        wanted = " or ".join(k.__name__ for k in plain if k is not type(None))
        raise ConfigError(f"{f.name} must be {wanted}, not {value!r}.")
    if f.metadata["choices"] and value not in f.metadata["choices"]:
        raise ConfigError(f"{f.name} must be one of {', '.join(f.metadata['choices'])}, not {value!r}.")
    least = f.metadata["least"]
    if least is not None and value < least:
        raise ConfigError(f"{f.name} must be at least {least:g}, not {value!r}.")
    return value


def make_config(kind: type[T], values: dict[str, Any]) -> T:
    """A ``kind`` of ``values``; raises :class:`ConfigError` for unknown, missing and ill-typed ones."""
    known = {f.name: f for f in fields(kind)}  # type: ignore[arg-type]
    for name in values:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f" Perhaps {near[0]!r} is meant." if near else ""
            raise ConfigError(f"There is no setting {name!r}.{hint}")
    for f in known.values():
        if f.default is MISSING and f.default_factory is MISSING and f.name not in values:
            raise ConfigError(f"{f.name} is needed: {f.metadata['help']}.")
    annotations = typing.get_type_hints(kind)
    return kind(**{name: _value(known[name], annotations[name], value) for name, value in values.items()})


def read_toml(path: Path) -> dict[str, Any]:
    """The values of a file; raises :class:`ConfigError`."""
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from error


def add_options(parser: argparse.ArgumentParser, kind: type[Any]) -> None:
    """An option per setting; those not given on the command line leave no trace."""
    annotations = typing.get_type_hints(kind)
    for f in fields(kind):
        kinds = [k for k in _kinds(annotations[f.name]) if k is not type(None)]
        if dict in [typing.get_origin(k) for k in kinds]:
            continue  # tables are for files
        name, text = f"--{f.name.replace('_', '-')}", f.metadata["help"].replace("%", "%%")
        if f.default not in (MISSING, None, ""):
            text += f" (default: {f.default})"
        if kinds == [bool]:
            parser.add_argument(name, action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS, help=text)
        else:
            choices = f.metadata["choices"] or None
            metavar = None if choices else f.name.upper()
            parser.add_argument(
                name, type=kinds[0], choices=choices, metavar=metavar, default=argparse.SUPPRESS, help=text
            )


def read_config(kind: type[T], file: Path | None, given: dict[str, Any]) -> T:
    """Settings of ``file``, those ``given`` on the command line before them."""
    values = read_toml(file) if file is not None else {}
    return make_config(kind, {**values, **given})
