"""``python -m training COMMAND``: prepare samples, train, distill, evaluate, export, curves.

Every setting can be given in a TOML file (--config) and as an option; options win. training/configs holds files.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from training.config import (
    AutoencoderTrainingConfig,
    CurvesConfig,
    DistillConfig,
    EvaluateConfig,
    ExportConfig,
    FitChoiceConfig,
    LoopConfig,
    PackConfig,
    PrepareConfig,
    PrepareLayoutsConfig,
    TrainConfig,
    add_options,
    read_config,
)

# Freed memory is kept by the process: mapping it anew at every step can cost more than the step. Waiting threads
# give their core back.
_ENVIRONMENT = {
    "OMP_WAIT_POLICY": "PASSIVE",
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "20000000000",
    "MALLOC_TOP_PAD_": "268435456",
}

COMMANDS: dict[str, tuple[type[Any], str]] = {
    "prepare": (PrepareConfig, "make shards of 64 samples: picture, mask, category"),
    "pack": (PackConfig, "photographs as one file for a training elsewhere"),
    "prepare-layouts": (PrepareLayoutsConfig, "make samples of a training on layouts"),
    "fit-choice": (FitChoiceConfig, "fit which of two fills to believe where"),
    "train-autoencoder": (AutoencoderTrainingConfig, "train the small autoencoder"),
    "train": (TrainConfig, "train a U-Net without a teacher"),
    "distill": (DistillConfig, "train a U-Net with a frozen teacher, by the paper's loss"),
    "evaluate": (EvaluateConfig, "compare fills on pictures whose truth is known"),
    "export": (ExportConfig, "averaged weights to a model folder"),
    "curves": (CurvesConfig, "draw the losses of trainings"),
}


def _parser() -> argparse.ArgumentParser:
    about = (__doc__ or "").split("\n\n", 1)
    parser = argparse.ArgumentParser(prog="python -m training", description=about[0], epilog=about[1])
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (kind, text) in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        command.add_argument("--config", type=Path, help="TOML file of settings")
        command.add_argument("--threads", type=int, default=0, help="torch threads; 0: torch's own choice")
        add_options(command, kind)
    return parser


def _train(config: LoopConfig) -> None:
    from training.autoencoder import AutoencoderTask
    from training.run import start_accelerator, train
    from training.unet import DistillTask, UNetTask

    accelerator = start_accelerator(config)
    if isinstance(config, DistillConfig):
        train(DistillTask(config, accelerator), config, accelerator)
    elif isinstance(config, TrainConfig) and config.objective == "layout":
        from training.layouts import LayoutTask

        train(LayoutTask(config, accelerator), config, accelerator)
    elif isinstance(config, TrainConfig):
        train(UNetTask(config, accelerator), config, accelerator)
    elif isinstance(config, AutoencoderTrainingConfig):
        train(AutoencoderTask(config, accelerator), config, accelerator)


def _run(config: Any) -> None:
    if isinstance(config, LoopConfig):
        _train(config)
    elif isinstance(config, PrepareConfig):
        from training.data import prepare

        prepare(config)
    elif isinstance(config, PackConfig):
        from training.layouts import pack

        pack(config)
    elif isinstance(config, PrepareLayoutsConfig):
        from training.layouts import prepare_layouts

        prepare_layouts(config)
    elif isinstance(config, FitChoiceConfig):
        from training.layouts import fit_choice

        fit_choice(config)
    elif isinstance(config, EvaluateConfig):
        from training.evaluation import evaluate

        evaluate(config)
    elif isinstance(config, ExportConfig):
        from training.export import export

        export(config)
    elif isinstance(config, CurvesConfig):
        from training.run import draw_curves

        draw_curves(config)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status: 0, 2 for settings and data that won't do, 130 after Ctrl+C."""
    given = vars(_parser().parse_args(arguments))
    kind, _ = COMMANDS[given.pop("command")]
    file, threads = given.pop("config"), given.pop("threads")
    from inference.errors import InferenceError

    try:
        if threads > 0:
            import torch

            torch.set_num_threads(threads)
        _run(read_config(kind, file, given))
    except (ValueError, RuntimeError, OSError, InferenceError) as error:
        print(f"{type(error).__name__}: {error}" if isinstance(error, OSError) else str(error), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    if os.name == "posix" and not all(name in os.environ for name in _ENVIRONMENT):
        os.environ.update(_ENVIRONMENT)
        os.execv(sys.executable, [sys.executable, "-m", "training", *sys.argv[1:]])
    sys.exit(main())
