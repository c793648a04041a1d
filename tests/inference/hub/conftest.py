"""What tests of downloads have in common: a hub with one published model on it, and how it is fetched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.hub.client import Network
from inference.hub.downloading import Progress, download
from inference.hub.errors import HubError, Stop
from inference.hub.fetch import RetryPolicy
from inference.hub.registry import KnownModel, known_model
from inference.models.folders import incomplete_folder
from tests.oracles.hub_server import Hub, serve, unpin

DATA = np.random.default_rng(1).bytes(400_000)
NAME = "moebius-ft_places2"
CHECKPOINT = "ft_places2/diffusion_pytorch_model.bin"
QUICK = RetryPolicy(attempts=3, first_wait=0.001)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    unpin(monkeypatch)
    with serve() as hub:
        hub.repos["hustvl/Moebius"] = {CHECKPOINT: DATA, "ft_ffhq/diffusion_pytorch_model.bin": b"x"}
        hub.repos["hustvl/PixelHacker"] = {
            "vae/config.json": b'{"a": 1}',
            "vae/diffusion_pytorch_model.bin": b"v" * 999,
        }
        hub.small = {"vae/config.json"}
        yield hub


@pytest.fixture
def model(hub: Hub) -> KnownModel:
    known = known_model(NAME)
    assert known is not None
    return replace(known, parts=known.parts[:1])  # the checkpoint alone: one file, one fault


def bring(hub: Hub, models: Path, model: KnownModel, stop: Stop | None = None, token: str = "") -> list[Progress]:
    seen: list[Progress] = []
    download(model, Network(hub.url, token=token), stop or Stop(), seen.append, models, QUICK)
    return seen


def final(models: Path) -> Path:
    return incomplete_folder(NAME, models) / CHECKPOINT


def refused(hub: Hub, models: Path, model: KnownModel, words: str) -> None:
    with pytest.raises(HubError, match=words) as caught:
        bring(hub, models, model)
    assert str(caught.value)[0].isupper() or "/" in str(caught.value) or str(caught.value).startswith("http")
    assert not final(models).exists()
