"""What a hub, a network or a disk refuses: tried again where it passes, else said in a sentence."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from inference.hub.client import Network
from inference.hub.downloading import download
from inference.hub.errors import HubError, Stop, TokenNeeded, Transient
from inference.hub.registry import KnownModel, Part
from inference.models.folders import incomplete_folder
from tests.inference.hub.conftest import CHECKPOINT, DATA, NAME, QUICK, bring, final, refused
from tests.oracles.hub_server import Fault, Hub, serve


def test_a_gated_model_needs_a_token(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    gated = replace(model, gated=True)
    hub.token = "hf_right"
    with pytest.raises(TokenNeeded, match="Accept its licence"):
        bring(hub, tmp_path, gated, token="hf_wrong")
    bring(hub, tmp_path, gated, token="hf_right")
    assert final(tmp_path).read_bytes() == DATA


def test_a_token_is_shown_where_it_is_asked_for(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    hub.token = "hf_right"
    with pytest.raises(TokenNeeded):
        bring(hub, tmp_path, model)
    with pytest.raises(TokenNeeded):
        bring(hub, tmp_path, model, token="hf_wrong")
    bring(hub, tmp_path, model, token="hf_right")
    assert final(tmp_path).read_bytes() == DATA


def test_a_token_is_shown_for_gated_models_only(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    bring(hub, tmp_path, model, token="hf_secret")
    assert not any("authorization" in headers for _, headers in hub.requests)


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_trouble_that_passes(hub: Hub, tmp_path: Path, model: KnownModel, status: int) -> None:
    hub.listing_faults = [Fault("status", status, headers={"Retry-After": "0"})]
    hub.faults = [Fault("status", status, headers={"Retry-After": "0"})]
    bring(hub, tmp_path, model)
    assert final(tmp_path).read_bytes() == DATA


@pytest.mark.parametrize(
    ("status", "words"),
    [(429, "asks to wait"), (500, "trouble of its own"), (403, "licence"), (404, "404"), (418, "418")],
)
def test_trouble_that_stays(hub: Hub, tmp_path: Path, model: KnownModel, status: int, words: str) -> None:
    hub.faults = [Fault("status", status)] * 3
    refused(hub, tmp_path, model, words)


def test_a_long_wait_is_told_and_not_waited(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    hub.faults = [Fault("status", 429, headers={"Retry-After": "3600"})]
    refused(hub, tmp_path, model, "wait for 3600 seconds")


def test_a_wait_until_a_date(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    hub.faults = [Fault("status", 429, headers={"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"})]
    with pytest.raises(Transient) as caught:
        bring(hub, tmp_path, model)
    assert caught.value.wait is not None
    assert caught.value.wait > 3600


def test_a_page_in_place_of_the_hub(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    hub.listing_faults = [Fault("page")]
    refused(hub, tmp_path, model, "login")


@pytest.mark.parametrize(
    "stated",
    [
        {"size": -1},
        {"size": "big"},
        {"lfs": None, "blobId": ""},
        {"rfilename": "ft_places2/../../diffusion_pytorch_model.bin"},
    ],
)
def test_a_listing_that_makes_no_sense(hub: Hub, tmp_path: Path, model: KnownModel, stated: dict[str, object]) -> None:
    hub.stated[CHECKPOINT] = stated
    with pytest.raises(HubError, match=r"did not answer as the hub does|no files like"):
        bring(hub, tmp_path, replace(model, parts=(Part("hustvl/Moebius", ("ft_places2/*",)),)))
    assert not incomplete_folder(NAME, tmp_path).exists()


def test_no_server_at_all(tmp_path: Path, model: KnownModel) -> None:
    with serve() as hub:
        pass
    refused(hub, tmp_path, model, "there is none")


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (Network("ftp://mirror.example"), "must begin with https"),
        (Network("http://127.0.0.1:9", proxy="nonsense://x"), "proxy"),
    ],
)
def test_settings_that_can_not_work(tmp_path: Path, model: KnownModel, network: Network, words: str) -> None:
    with pytest.raises(HubError, match=words):
        download(model, network, Stop(), lambda _progress: None, tmp_path, QUICK)


def test_a_proxy_is_asked(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    network = Network("http://hub.invalid", proxy=hub.url)
    hub.faults = [Fault("status", 418)]
    with pytest.raises(HubError):
        download(model, network, Stop(), lambda _progress: None, tmp_path, QUICK)
    assert hub.requests, "the proxy was passed by"


def test_a_full_disk_is_noticed_before(
    hub: Hub, tmp_path: Path, model: KnownModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage._replace(free=100_000_000))
    refused(hub, tmp_path, model, r"needs 0\.2 GB .* 0\.1 GB are free")
    assert hub.ranges() == []
