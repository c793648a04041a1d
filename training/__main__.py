"""``python -m training COMMAND``: prepare samples, train the autoencoder and the U-Net, export, evaluate."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

# Freed memory is kept by the process: mapping it anew at every step can cost more than the step. Waiting threads
# give their core back.
_ENVIRONMENT = {
    "OMP_WAIT_POLICY": "PASSIVE",
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "20000000000",
    "MALLOC_TOP_PAD_": "268435456",
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    prepare = commands.add_parser("prepare", help="make shards of 64 samples (picture, mask, patch fill)")
    prepare.add_argument("--photos", type=Path, required=True, help="folder of photographs")
    prepare.add_argument("--cutouts", type=Path, required=True, help="folder of RGBA cut-outs of objects")
    prepare.add_argument("--out", type=Path, required=True)
    prepare.add_argument("--shards", type=int, default=60)
    prepare.add_argument("--size", type=int, default=256)
    prepare.add_argument("--seed", type=int, default=0)

    autoencoder = commands.add_parser("train-autoencoder", help="train the small autoencoder")
    autoencoder.add_argument("--photos", type=Path, required=True)
    autoencoder.add_argument("--out", type=Path, required=True, help="folder of the checkpoint; resumed if there")
    autoencoder.add_argument("--minutes", type=float, default=20)

    unet = commands.add_parser("train", help="train moebius-nano; under torchrun on several processes")
    unet.add_argument("--samples", type=Path, required=True, help="folder of shards")
    unet.add_argument("--out", type=Path, required=True, help="folder of both checkpoints; resumed if there")
    unet.add_argument("--minutes", type=float, default=90)
    unet.add_argument("--batch", type=int, default=16)
    unet.add_argument("--size", type=int, default=256, help="pixels; smaller squares are cropped around holes")
    unet.add_argument("--rate", type=float, default=8e-4, help="learning rate")
    unet.add_argument("--bf16", action="store_true")

    export = commands.add_parser("export", help="averaged weights to a model folder, as safetensors")
    export.add_argument("--out", type=Path, required=True, help="folder of both checkpoints")
    export.add_argument("--model", type=Path, required=True, help="folder to write")

    evaluate = commands.add_parser("evaluate", help="compare fills on held-out photographs")
    evaluate.add_argument("--photos", type=Path, required=True)
    evaluate.add_argument("--cutouts", type=Path, required=True)
    evaluate.add_argument("--model", default="moebius-nano")
    evaluate.add_argument("--count", type=int, default=32)
    evaluate.add_argument("--sheet", type=Path, help="write a contact sheet here")

    for command in (autoencoder, unet, evaluate):
        command.add_argument("--threads", type=int, default=0, help="torch threads; 0: torch's own choice")
    return parser


def main() -> None:
    options = vars(_parser().parse_args())
    command = options.pop("command")
    if (threads := options.pop("threads", 0)) > 0:
        import torch

        torch.set_num_threads(threads)
    if command == "prepare":
        from training.samples import prepare

        prepare(**options)
    elif command == "train-autoencoder":
        from training.autoencoder import train_autoencoder

        train_autoencoder(**options)
    elif command == "train":
        from training.export import read_autoencoder
        from training.unet import train_unet

        train_unet(autoencoder=read_autoencoder(options["out"]), **options)
    elif command == "export":
        from training.export import export

        export(**options)
    else:
        from training.evaluate import evaluate

        evaluate(**options)


if __name__ == "__main__":
    if os.name == "posix" and not all(name in os.environ for name in _ENVIRONMENT):
        import sys

        os.environ.update(_ENVIRONMENT)
        os.execv(sys.executable, [sys.executable, "-m", "training", *sys.argv[1:]])
    main()
