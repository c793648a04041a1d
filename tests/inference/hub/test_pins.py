"""What is known of files before they arrive: sums, sizes and commits, and the catalogue that holds them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from inference.hub.errors import HubError
from inference.hub.registry import CATALOGUE, VAE, KnownModel, Pin, known_model
from tests.inference.hub.conftest import CHECKPOINT, DATA, NAME, bring, refused
from tests.oracles.hub_server import Hub


def test_contents_known_ahead_must_agree(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    part = replace(model.parts[0], known={CHECKPOINT: Pin("0" * 64)})
    refused(hub, tmp_path, replace(model, parts=(part,)), "not what it was")


@pytest.mark.parametrize("pin", [Pin(hashlib.sha256(DATA).hexdigest(), len(DATA) + 1), Pin("0" * 64, len(DATA))])
def test_sizes_known_ahead_must_agree_too(hub: Hub, tmp_path: Path, model: KnownModel, pin: Pin) -> None:
    part = replace(model.parts[0], known={CHECKPOINT: pin})
    refused(hub, tmp_path, replace(model, parts=(part,)), "not what it was")


def test_a_small_file_known_ahead_is_checked_by_its_own_sum(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    good = replace(VAE, known={"vae/config.json": Pin(hashlib.sha256(b'{"a": 1}').hexdigest(), 8)})
    bring(hub, tmp_path, replace(model, parts=(good,)))
    wrong = replace(VAE, known={"vae/config.json": Pin(hashlib.sha256(b"other").hexdigest(), 8)})
    with pytest.raises(HubError, match="damaged"):
        bring(hub, tmp_path / "again", replace(model, parts=(wrong,)))


def test_the_published_files_are_pinned() -> None:
    """Bytes and sums as their users found them; commits are those of the repositories with the weights."""
    places = next(model for model in CATALOGUE if model.name == NAME)
    assert places.pinned and places.parts[1] is VAE and VAE.shared
    pin = places.parts[0].known[CHECKPOINT]
    assert (pin.size, pin.sha256[:8], places.parts[0].revision) == (
        905_298_356,
        "6525afb8",
        "cd01f47fb648219d3fa605806c5ce00b713faa5e",
    )
    weights, config = VAE.known["vae/diffusion_pytorch_model.bin"], VAE.known["vae/config.json"]
    assert (weights.size, weights.sha256[:8], config.size) == (167_394_306, "a59d7ea6", 788)
    for model in CATALOGUE:
        if model.name.startswith(("moebius-ft", "moebius-pre", "pixelhacker")):
            assert "Apache-2.0 (github.com/" in model.licence and "MIT (huggingface.co/" in model.licence
            assert model.pinned and all(len(pin.sha256) == 64 for part in model.parts for pin in part.known.values())


def test_a_pinned_commit_is_asked_for(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    bring(hub, tmp_path, replace(model, parts=(replace(model.parts[0], revision="a" * 40),)))
    assert any(path.endswith(f"/revision/{'a' * 40}") for path, _ in hub.requests)


def test_the_catalogue_is_complete() -> None:
    names = [model.name for model in CATALOGUE]
    assert len(set(names)) == len(names) == 12
    for model in CATALOGUE:
        assert model.title and model.note.endswith(".") and model.licence and model.licence_url.startswith("https://")
        assert not model.parts or model.size > 0
    flux = known_model("flux-1-fill-dev")
    assert flux is not None and flux.gated and "Non-Commercial" in flux.licence
