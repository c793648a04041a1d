"""Models that select: found among the installed ones, and the real classes with a tiny random network."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from inference.errors import ModelError
from inference.hub import known_model
from inference.hub.importing import import_model
from inference.models import installed_segmenter, load_segmenter

CPU = torch.device("cpu")


def folder_of(path: Path, config: dict[str, object]) -> Path:
    path.mkdir()
    (path / "config.json").write_text(json.dumps(config))
    save_file({"weight": torch.zeros(1)}, path / "model.safetensors")
    return path


def test_it_is_taken_in_and_found_but_erases_nothing(tmp_path: Path) -> None:
    from app.engine.downloads import survey

    assert installed_segmenter() is None
    taken = import_model(folder_of(tmp_path / "sam2.1-hiera-tiny", {"model_type": "sam2_video"}))
    assert (taken.name, taken.title) == ("sam2.1-hiera-tiny", "SAM 2.1 tiny")
    path = installed_segmenter()
    assert path is not None and path.name == "sam2.1-hiera-tiny"
    found = survey()
    own = [(model.name, model.fault, model.erases) for model in found.installed if model.removable]
    assert own == [("sam2.1-hiera-tiny", "", False)]
    assert found.infos == ()


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "sam", {"model_type": "sam2"})
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"no model\.safetensors"):
        import_model(folder)
    assert installed_segmenter() is None


def test_without_the_package_it_says_how_to_add_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ModelError, match=r"\[sam\]"):
        load_segmenter(tmp_path, CPU)


def test_the_catalogue_names_its_licence_and_files() -> None:
    known = known_model("sam2.1-hiera-tiny")
    assert known is not None and known.licence == "Apache-2.0" and not known.gated
    assert [path for path in ("config.json", "model.safetensors", "x.pt") if known.parts[0].takes(path)] == [
        "config.json",
        "model.safetensors",
    ]


def tiny_network() -> Any:
    """SAM 2 at 64 px with random weights."""
    transformers = pytest.importorskip("transformers")
    transformers.utils.logging.disable_progress_bar()
    backbone = transformers.Sam2HieraDetConfig(
        hidden_size=8,
        num_attention_heads=1,
        image_size=[64, 64],
        blocks_per_stage=[1, 1, 2, 1],
        embed_dim_per_stage=[8, 16, 32, 64],
        num_attention_heads_per_stage=[1, 2, 4, 8],
        window_size_per_stage=[4, 4, 4, 2],
        global_attention_blocks=[3],
    )
    vision = transformers.Sam2VisionConfig(
        backbone_config=backbone,
        backbone_channel_list=[64, 32, 16, 8],
        backbone_feature_sizes=[[16, 16], [8, 8], [4, 4]],
        fpn_hidden_size=32,
    )
    prompt = transformers.Sam2PromptEncoderConfig(hidden_size=32, image_size=64)
    decoder = transformers.Sam2MaskDecoderConfig(
        hidden_size=32, mlp_dim=32, num_attention_heads=2, iou_head_hidden_dim=32
    )
    torch.manual_seed(0)
    return transformers.Sam2Model(
        transformers.Sam2Config(vision_config=vision, prompt_encoder_config=prompt, mask_decoder_config=decoder)
    )


@pytest.mark.filterwarnings("ignore")  # the package's own
def test_the_real_classes_answer_points_and_boxes(tmp_path: Path) -> None:
    tiny_network().save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"model_type": "sam2_video"}))  # as it is published
    segmenter = load_segmenter(tmp_path, CPU)
    embedding = segmenter.embed(np.random.default_rng(0).integers(0, 256, (50, 90, 3), np.uint8))
    point = segmenter.segment(embedding, ((0.5, 0.25),), box=False)
    boxed = segmenter.segment(embedding, ((0.9, 0.8), (0.1, 0.2)), box=True)
    assert point.shape == boxed.shape == (16, 16)
    assert point.dtype == np.float32 and np.isfinite(point).all() and not np.array_equal(point, boxed)
    turned = segmenter.segment(embedding, ((0.1, 0.2), (0.9, 0.8)), box=True)
    np.testing.assert_array_equal(boxed, turned)
    (tmp_path / "model.safetensors").write_bytes(b"torn")
    with pytest.raises(ModelError, match="damaged or incomplete"):
        load_segmenter(tmp_path, CPU)
