"""Every command once, as it is typed, on next to nothing; and what its results hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open

from inference import ErasePipeline
from inference.networks.config import UNET_CONFIGS
from tests.training.conftest import TINY_UNET
from training.__main__ import COMMANDS, main
from training.config import EvaluateConfig, ExportConfig
from training.evaluation.cases import make_cases
from training.evaluation.comparison import evaluate
from training.evaluation.methods import kept_fills
from training.evaluation.metrics import Picture
from training.evaluation.tables import contact_sheet
from training.export import export
from training.run.checkpoints import save_state
from training.run.curves import smoothed

FILE = """
steps = 2
batch = 2
log_every = 1
size = 64
tensorboard = false
[unet]
latent_channels = 8
widths = [16, 32]
layers_per_block = 1
heads = 4
groups = 8
window = 3
grid = 8
embedding_width = 8
context_width = 8
"""


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_every_setting(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    assert "--config" in capsys.readouterr().out


def test_what_will_not_do_is_said_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "prepare needs photographs: --photos FOLDER\n"
    assert main(["train", "--out", str(tmp_path), "--autoencoder", str(tmp_path), "--samples", str(tmp_path)]) == 2
    assert "make some with: python -m training prepare" in capsys.readouterr().err
    assert main(["export", "--run", str(tmp_path), "--model", str(tmp_path / "m")]) == 2
    assert "there is no checkpoint" in capsys.readouterr().err


def test_from_photographs_to_an_evaluated_model(
    corpus: Path, shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, ae, run, model = corpus / "photos", tmp_path / "ae", tmp_path / "run", tmp_path / "model"
    (tmp_path / "unet.toml").write_text(FILE, encoding="utf-8")

    def do(*arguments: str | Path) -> None:
        assert main([str(a) for a in arguments]) == 0, capsys.readouterr().err

    small = ("--steps", "2", "--batch", "2", "--log-every", "1", "--no-tensorboard")
    do("train-autoencoder", "--photos", photos, "--out", ae, "--crop", "32", *small)
    unet = ("--config", tmp_path / "unet.toml", "--samples", shards, "--autoencoder", ae)
    do("train", *unet, "--out", run)
    assert "samples/s" in capsys.readouterr().out
    (tmp_path / "distill.toml").write_text(
        FILE + FILE[FILE.index("[unet]") :].replace("[unet]", "[teacher_unet]"), encoding="utf-8"
    )
    teaching = ("--teacher", "moebius-nano", "--teacher-weights", run / "unet.pt", "--teacher-block", "1")
    distilled = ("--out", tmp_path / "student", "--start", run / "unet.pt", "--perceptual", "random_features")
    do("distill", "--config", tmp_path / "distill.toml", *unet[2:], *teaching, *distilled)
    do("export", "--run", tmp_path / "student", "--model", model, "--title", "Tiny")
    with safe_open(model / "unet.safetensors", "pt") as file:
        metadata = file.metadata()
    assert metadata["step"] == "2" and metadata["objective"] == "epsilon"
    assert json.loads(metadata["config"])["widths"] == [16, 32]
    exported = ErasePipeline.load(model, device="cpu").folder
    assert exported.title == "Tiny" and exported.settings.start == "noise"
    methods = (
        "--methods",
        "telea,ns,smooth,patch,patch-2,patch-edges,patch-grown,default,exact,noise-2,strength-0.6-4",
        "--no-lpips",
    )
    out = tmp_path / "evaluation"
    do("evaluate", "--photos", photos, "--out", out, "--model", model, "--count", "2", "--size", "128", *methods)
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    controls = ["patch, blurred as default", "patch, blurred as exact"]
    assert [name for name in results["methods"] if name not in controls] == methods[1].split(",")
    for name, control in zip(("default", "exact"), controls, strict=True):
        assert results["methods"][control]["sharpness"] <= results["methods"][name]["sharpness"] + 1e-3
        assert 0 <= results["methods"][name]["worse"] <= 1
    assert results["count"] == 2
    assert all(np.isfinite(list(values.values())).all() for values in results["methods"].values())
    assert results["methods"]["patch"]["seconds"] > 0
    table = (out / "table.md").read_text(encoding="utf-8")
    assert "| patch-grown |" in table and "9.48 / 0.207" in table and "Published elsewhere" in table
    sheet = cv2.imread(str(out / "sheet.png"))
    assert sheet is not None and sheet.shape == (24 + 2 * 258, 13 * 258, 3)


def test_evaluation_cases_are_the_same_every_time(corpus: Path, tmp_path: Path) -> None:
    for kind in ("medium", "objects", "mixed"):
        config = EvaluateConfig(
            photos=corpus / "photos", cutouts=corpus / "cutouts", out=tmp_path, count=3, size=96, kind=kind
        )
        first, second = list(make_cases(config)), list(make_cases(config))
        assert [c.truth.tobytes() + c.hole.tobytes() for c in first] == [
            c.truth.tobytes() + c.hole.tobytes() for c in second
        ]
        assert (first[0].damaged[~first[0].hole] == first[0].truth[~first[0].hole]).all()
    with pytest.raises(ValueError, match="need cut-outs"):
        list(make_cases(EvaluateConfig(photos=corpus / "photos", out=tmp_path, kind="objects")))


def test_given_masks_are_cut_around_their_hole(corpus: Path, tmp_path: Path) -> None:
    mask = np.zeros((300, 340), np.uint8)
    mask[200:240, 250:300] = 255
    cv2.imwrite(str(tmp_path / "1.png"), mask)
    cv2.imwrite(str(tmp_path / "2.png"), mask[:10])
    config = EvaluateConfig(photos=corpus / "photos", masks=tmp_path, out=tmp_path, size=128)
    (case,) = make_cases(config)
    assert case.name == "1" and case.truth.shape == (128, 128, 3)
    assert case.hole.sum() == 40 * 50
    (whole,) = make_cases(EvaluateConfig(photos=corpus / "photos", masks=tmp_path, out=tmp_path, size=0))
    assert whole.hole.shape == (300, 340)


def test_kept_fills_are_the_fills_and_their_time(tmp_path: Path) -> None:
    import inference.fill.classical

    rng = np.random.default_rng(0)
    picture: Picture = np.repeat(np.repeat(rng.integers(0, 256, (16, 16, 3), np.uint8), 4, 0), 4, 1)
    hole = np.zeros((64, 64), bool)
    hole[20:40, 20:40] = True
    original = inference.fill.classical.patch_fill
    expected = original(picture, hole, radius=3, seed=1)
    for time in range(2):
        with kept_fills(tmp_path) as fills:
            assert np.array_equal(inference.fill.classical.patch_fill(picture, hole, radius=3, seed=1), expected)
            assert (fills.saved > 0) == (time == 1)
    assert inference.fill.classical.patch_fill is original
    assert len(list(tmp_path.iterdir())) == 1


def test_what_is_not_there_is_said_in_the_table(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "lpips", None)
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    config = EvaluateConfig(photos=corpus / "photos", out=tmp_path, count=1, size=64, methods="telea", rows=0)
    results = evaluate(config)
    assert [note.split(" was")[0] for note in results["notes"]] == ["LPIPS", "FID"]
    assert not (tmp_path / "sheet.png").exists()
    with pytest.raises(ValueError, match="there is no method 'magic'"):
        evaluate(EvaluateConfig(photos=corpus / "photos", out=tmp_path, methods="magic"))


def test_the_sheet_shows_every_pixel_twice() -> None:
    picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    sheet = contact_sheet(["one", "two"], [[picture, 255 - picture]], zoom=2)
    assert sheet.shape == (24 + 10, 20, 3)
    assert np.array_equal(sheet[24:32:2, 0:8:2], picture)
    assert np.array_equal(sheet[25:32:2, 11:18:2], 255 - picture)


def test_the_published_layout_is_found_as_such(
    tmp_path: Path, tiny: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a small stand-in for the full-size configuration: same keys, same layout."""
    from inference.models.catalogue import find_model
    from inference.networks.build import build_unet
    from inference.networks.config import UNetConfig

    config = UNetConfig.from_dict(TINY_UNET)
    monkeypatch.setitem(UNET_CONFIGS, "moebius", config)
    run, vae = tmp_path / "run", tmp_path / "weights" / "vae"
    torch.manual_seed(0)
    unet = build_unet(config)
    about = {"step": 9, "config": config.to_dict(), "settings": {"objective": "epsilon", "autoencoder": str(vae)}}
    save_state(run / "unet.pt", about, model=unet)
    vae.mkdir(parents=True)
    (vae / "config.json").write_text('{"scaling_factor": 0.13025}', encoding="utf-8")
    (vae / "diffusion_pytorch_model.safetensors").write_bytes(b"weights")
    model = tmp_path / "exported"
    export(ExportConfig(run=run, model=model, layout="published", half=False))
    found = find_model(model)
    assert found.files["unet"] == model / "diffusion_pytorch_model.safetensors"
    assert found.files["autoencoder"].parent == model / "vae"
    with safe_open(found.files["unet"], "pt") as file:
        assert set(file.keys()) == set(unet.state_dict())
        assert torch.equal(file.get_tensor("embedding_layer.weight"), unet.embedding_layer.weight)
    save_state(run / "unet.pt", {**about, "config": {**config.to_dict(), "window": 5}}, model=unet)
    with pytest.raises(ValueError, match="published layout is for moebius"):
        export(ExportConfig(run=run, model=model, layout="published"))
    save_state(run / "unet.pt", {**about, "settings": {"objective": "v_residual"}}, model=unet)
    with pytest.raises(ValueError, match="trained for the objective v_residual, which there is no more"):
        export(ExportConfig(run=run, model=model))


def test_curves_are_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = []
    for seed in (0, 1):
        out = tmp_path / f"seed-{seed}"
        out.mkdir()
        lines = [{"step": step, "loss": 5 / step + seed, "gradient": 1 / step} for step in range(1, 40)]
        (out / "losses.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
        runs.append(str(out))
    file = tmp_path / "pictures" / "curves.png"
    assert main(["curves", "--runs", ",".join(runs), "--losses", "loss,gradient", "--out", str(file)]) == 0
    with Image.open(file) as image:
        assert image.width > 2.5 * image.height > 0
        assert len(image.convert("RGB").getcolors(1 << 24) or ()) > 20
    assert main(["curves", "--runs", runs[0], "--losses", "los", "--out", str(file)]) == 2
    assert "no run has los; there are: loss" in capsys.readouterr().err
    assert main(["curves", "--runs", str(tmp_path), "--out", str(file)]) == 2
    assert "losses.jsonl" in capsys.readouterr().err


def test_smoothing_keeps_a_straight_line() -> None:
    line = np.arange(9.0)
    assert np.allclose(smoothed(line, 3), line)
    assert smoothed(np.array([0.0, 9.0, 0.0]), 1).tolist() == [0, 3, 0]
