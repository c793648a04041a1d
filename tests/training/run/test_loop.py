"""Runs: interrupted and gone on with, in two processes, in half precision; every command on tiny data."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from training.autoencoder import AutoencoderTask
from training.config import AutoencoderTrainingConfig, DistillConfig, LoopConfig, TrainConfig
from training.networks.building import read_weights
from training.run.loop import Task, start_accelerator, train
from training.run.progress import Report
from training.unet import DistillTask, UNetTask

ROOT = Path(__file__).parents[3]


def curve(out: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (out / "losses.jsonl").read_text(encoding="utf-8").splitlines()]


def losses(out: Path) -> list[float]:
    return [line["loss"] for line in curve(out)]


def run(make: Callable[[Any, Any], Task], config: LoopConfig) -> int:
    accelerator = start_accelerator(config)
    return train(make(config, accelerator), config, accelerator)


def interrupt_at(monkeypatch: pytest.MonkeyPatch, step: int, number: int = signal.SIGTERM) -> None:
    """Send this process a signal when ``step`` is reported."""
    original = Report.step

    def reporting(self: Report, now: int, *args: Any) -> None:
        original(self, now, *args)
        if now == step:
            signal.raise_signal(number)

    monkeypatch.setattr(Report, "step", reporting)


def same_training(a: Path, b: Path, name: str) -> bool:
    first, second = (torch.load(path / f"{name}.pt", weights_only=True) for path in (a, b))
    pairs = [(first["model"], second["model"]), (first["average"]["module"], second["average"]["module"])]
    return all(torch.equal(x[key], y[key]) for x, y in pairs for key in x)


def test_training_lowers_the_loss(train_config: TrainConfig) -> None:
    config = replace(train_config, steps=48, rate=3e-3)
    task = UNetTask(config, start_accelerator(config))

    def mean() -> float:
        """Over the first batches of the training, with fresh weights or those it ended with."""
        with torch.no_grad():
            return float(np.mean([task.loss(task.model, task.batch(step, range(4)), step)[0] for step in range(16)]))

    before = mean()
    run(UNetTask, config)
    task.model.load_state_dict(read_weights(config.out, averaged=False))
    assert mean() < 0.97 * before
    assert len(losses(config.out)) == 48
    assert all(line["loss"] == line["task"] for line in curve(config.out))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_training_goes_on_as_if_it_had_not_been(
    train_config: TrainConfig,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
    number: int,
) -> None:
    unbroken = replace(train_config, out=train_config.out / "unbroken", checkpointing=True)
    broken = replace(unbroken, out=train_config.out / "broken")
    # Signals may be ignored from the start, as in a shell's background job
    before = signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    request.addfinalizer(lambda: signal.signal(number, before))
    assert run(UNetTask, unbroken) == 4
    with monkeypatch.context() as patch:
        interrupt_at(patch, 2, number)
        assert run(UNetTask, broken) == 2
    assert "saved at step 2; go on with --resume" in capsys.readouterr().out
    assert signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler)
    with pytest.raises(ValueError, match="is there already"):
        run(UNetTask, broken)
    assert run(UNetTask, replace(broken, resume=True)) == 4
    assert losses(broken.out) == losses(unbroken.out)
    assert same_training(unbroken.out, broken.out, "unet")
    assert not list(broken.out.glob("*.partial"))


def test_what_was_logged_after_the_checkpoint_is_forgotten(
    train_config: TrainConfig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Killed between two checkpoints: the lines of the lost steps are replaced by those of the new ones."""
    config = replace(train_config, save_every=2, log_every=2, steps=6)
    unbroken = replace(config, out=config.out / "unbroken")
    run(UNetTask, unbroken)
    original = Report.step

    def dying(self: Report, now: int, *args: Any) -> None:
        original(self, now, *args)
        if now == 5:
            raise MemoryError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(Report, "step", dying)
        with pytest.raises(MemoryError):
            run(UNetTask, config)
    with (config.out / "losses.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"step": 6, "loss": 123.0}\n')
    assert run(UNetTask, replace(config, resume=True)) == 6
    assert losses(config.out) == losses(unbroken.out)
    assert "going on from step 4" in capsys.readouterr().out


def test_a_changed_setting_is_said_when_going_on(train_config: TrainConfig, capsys: pytest.CaptureFixture[str]) -> None:
    run(UNetTask, replace(train_config, steps=2))
    run(UNetTask, replace(train_config, steps=3, rate=5e-4, resume=True))
    out = capsys.readouterr().out
    assert "rate was 0.001, is 0.0005" in out
    with pytest.raises(ValueError, match="no checkpoint"):
        run(UNetTask, replace(train_config, out=train_config.out / "other", resume=True))


def test_distillation_runs_and_goes_on_exactly(distill_config: DistillConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    unbroken = replace(distill_config, out=distill_config.out / "unbroken")
    broken = replace(distill_config, out=distill_config.out / "broken")
    run(DistillTask, unbroken)
    with monkeypatch.context() as patch:
        interrupt_at(patch, 2)
        run(DistillTask, broken)
    run(DistillTask, replace(broken, resume=True))
    assert curve(broken.out)[-1].keys() >= {"coarse", "task", "fine", "perceptual", "w_task", "w_fine", "w_perceptual"}
    keys = ("loss", "coarse", "task", "fine", "perceptual", "w_task", "w_fine", "w_perceptual")
    assert [[line[key] for key in keys] for line in curve(broken.out)] == [
        [line[key] for key in keys] for line in curve(unbroken.out)
    ]
    assert same_training(unbroken.out, broken.out, "unet")


def test_a_small_pixelhacker_teaches(distill_config: DistillConfig, tmp_path: Path) -> None:
    """Trained by the same command; its first up block is found, and is the size of the student's deepest."""
    shape = {"latent_channels": 4, "widths": [16, 32, 32], "layers_per_block": 1, "heads": 4, "groups": 8, "grid": 8}
    shape |= {"embedding_width": 8, "context_width": 8, "extra_fills": 0}
    settings = {f.name: getattr(distill_config, f.name) for f in fields(TrainConfig)}
    teaching = TrainConfig(**{**settings, "out": tmp_path / "teacher", "model": "pixelhacker-nano", "unet": shape})
    run(UNetTask, replace(teaching, steps=1))
    config = replace(
        distill_config,
        teacher="pixelhacker-nano",
        teacher_unet=shape,
        teacher_weights=tmp_path / "teacher" / "unet.pt",
        teacher_block=-1,
        steps=1,
    )
    run(DistillTask, config)
    assert np.isfinite(losses(config.out)).all()


def test_a_teacher_of_another_shape_is_named(distill_config: DistillConfig) -> None:
    with pytest.raises(ValueError, match=r"the student's deepest block gives \(32, 4, 4\), the teacher's \(32, 8, 8\)"):
        run(DistillTask, replace(distill_config, teacher_block=-1))


def test_steps_in_bf16_with_accumulation(train_config: TrainConfig) -> None:
    config = replace(train_config, precision="bf16", accumulate=2, steps=2, varied_sizes=True)
    run(UNetTask, config)
    assert np.isfinite(losses(config.out)).all()


def test_layouts_have_no_teacher(distill_config: DistillConfig) -> None:
    with pytest.raises(ValueError, match="the objective layout is trained without a teacher"):
        run(DistillTask, replace(distill_config, objective="layout"))


def test_accumulated_parts_are_the_whole_batch(train_config: TrainConfig) -> None:
    """But for BatchNorm, which sees a part at a time: shown with one that does not look at the batch."""
    found = []
    for parts in (1, 2):
        config = replace(train_config, accumulate=parts, steps=1, out=train_config.out / str(parts), clip=0.0)
        accelerator = start_accelerator(config)
        task = UNetTask(config, accelerator)
        for module in task.model.modules():
            if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                module.momentum = 0.0
                module.train(False)
                module.train = lambda mode=True, module=module: module  # type: ignore[method-assign, misc]
        train(task, config, accelerator)
        found.append(losses(config.out)[0])
    assert found[0] == pytest.approx(found[1], rel=1e-5)


def test_fp16_without_cuda_is_refused(train_config: TrainConfig) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(ValueError, match="fp16 needs a CUDA device"):
        start_accelerator(replace(train_config, precision="fp16"))


def test_curves_for_tensorboard(train_config: TrainConfig) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    config = replace(train_config, tensorboard=True, steps=3)
    run(UNetTask, config)
    events = EventAccumulator(str(config.out / "curves"))
    events.Reload()
    assert [point.step for point in events.Scalars("loss")] == [1, 2, 3]
    assert [point.value for point in events.Scalars("loss")] == pytest.approx(losses(config.out))


def test_the_autoencoder_learns_and_goes_on_exactly(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = AutoencoderTrainingConfig(
        photos=corpus / "photos",
        out=tmp_path / "unbroken",
        autoencoder={"latent_channels": 4, "encoder_width": 16, "decoder_widths": [8, 8, 8]},
        crop=32,
        batch=4,
        steps=5,
        log_every=1,
        rate=2e-3,
        warmup=1,
        tensorboard=False,
    )
    broken = replace(config, out=tmp_path / "broken")
    run(AutoencoderTask, config)
    with monkeypatch.context() as patch:
        interrupt_at(patch, 2)
        run(AutoencoderTask, broken)
    run(AutoencoderTask, replace(broken, resume=True))
    assert losses(broken.out) == losses(config.out)
    assert curve(config.out)[-1]["psnr"] > 15


TWO = """
import json, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from training.config import DistillConfig, make_config
from training.run.loop import start_accelerator, train
from training.unet import DistillTask
config = make_config(DistillConfig, json.loads(Path(sys.argv[1]).read_text()))
accelerator = start_accelerator(config)
assert accelerator.num_processes == int(sys.argv[2])
train(DistillTask(config, accelerator), config, accelerator)
"""


@pytest.mark.slow
def test_two_processes_give_the_losses_of_one(distill_config: DistillConfig, tmp_path: Path) -> None:
    """Distillation with the same whole batch: norms, gradients and adaptive weights are everybody's.

    Rounding grows from step to step, as Muon computes in bfloat16: hence a small learning rate.
    """
    (tmp_path / "two.py").write_text(TWO, encoding="utf-8")
    for world in (1, 2):
        settings = {k: str(v) if isinstance(v, Path) else v for k, v in vars(distill_config).items() if v is not None}
        settings |= {"out": str(tmp_path / str(world)), "checkpointing": world == 2, "rate": 1e-4}
        (tmp_path / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={world}"]
        done = subprocess.run(
            [*command, str(tmp_path / "two.py"), str(tmp_path / "settings.json"), str(world)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[:4000]
    one, two = curve(tmp_path / "1"), curve(tmp_path / "2")
    assert len(one) == len(two) == distill_config.steps
    for key, tolerance in {"loss": 2e-2, "task": 2e-3, "fine": 2e-3, "coarse": 2e-3, "w_fine": 2e-2}.items():
        assert [line[key] for line in two] == pytest.approx([line[key] for line in one], rel=tolerance), key
    # Before the first update there is rounding only
    for key in ("loss", "w_task", "w_fine", "w_perceptual", "gradient"):
        assert two[0][key] == pytest.approx(one[0][key], rel=1e-3), key
