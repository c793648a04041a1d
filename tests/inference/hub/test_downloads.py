"""Downloads from a hub that cuts, lies, refuses and hangs: a good file, or a sentence and nothing under its name."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.hub.client import Network
from inference.hub.downloading import Progress, Speed, download, unfinished_downloads
from inference.hub.errors import HubError, Stop, Stopped, TokenNeeded, Transient
from inference.hub.fetch import RetryPolicy
from inference.hub.registry import CATALOGUE, VAE, KnownModel, Part, Pin, known_model
from inference.models.folders import forget_download, incomplete_folder
from tests.oracles.hub_server import COMMIT, Fault, Hub, serve, unpin

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


def test_a_model_and_its_autoencoder_are_fetched(hub: Hub, tmp_path: Path) -> None:
    known = known_model(NAME)
    assert known is not None
    seen = bring(hub, tmp_path, known)
    folder = incomplete_folder(NAME, tmp_path)
    assert final(tmp_path).read_bytes() == DATA
    assert (folder / "vae/config.json").read_bytes() == b'{"a": 1}'
    assert not list(folder.rglob("*.part*"))
    assert seen[-1].arrived == seen[-1].total == len(DATA) + 8 + 999
    plan = json.loads((folder / "plan.json").read_text())
    assert {file["revision"] for file in plan["files"]} == {COMMIT}
    assert all(f"/resolve/{COMMIT}/" in path for path, _ in hub.requests if "/resolve/" in path)
    assert not any("authorization" in headers for _, headers in hub.requests)


def test_a_cut_connection_is_taken_up_where_it_broke(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    hub.faults = [Fault("cut", after=100_000), Fault("cut", after=50_000)]
    seen = bring(hub, tmp_path, model)
    assert final(tmp_path).read_bytes() == DATA
    assert [p.arrived for p in seen if "trying again in" in p.trouble] == [100_000, 150_000]
    assert hub.ranges() == ["", "bytes=100000-", "bytes=150000-"]
    assert hub.sent_bytes < len(DATA) + 10_000


def test_cuts_with_progress_do_not_use_patience_up(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    hub.faults = [Fault("cut", after=30_000)] * 10
    bring(hub, tmp_path, model)
    assert final(tmp_path).read_bytes() == DATA


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12)
@given(st.lists(st.integers(0, 120_000), max_size=2))
def test_wherever_it_is_cut(hub: Hub, tmp_path: Path, model: KnownModel, cuts: list[int]) -> None:
    shutil.rmtree(tmp_path / ".incomplete", ignore_errors=True)
    hub.faults = [Fault("cut", after=after) for after in cuts]
    bring(hub, tmp_path, model)
    assert final(tmp_path).read_bytes() == DATA


def test_a_lost_connection_ends_with_a_sentence_and_is_resumed_later(
    hub: Hub, tmp_path: Path, model: KnownModel
) -> None:
    hub.faults = [Fault("cut", after=100_000), *[Fault("cut", after=0)] * 3]
    refused(hub, tmp_path, model, "was lost.*resume")
    begun = unfinished_downloads(tmp_path)
    assert [(b.model.name, b.arrived, b.total) for b in begun] == [(NAME, 100_000, len(DATA))]
    hub.requests.clear()
    bring(hub, tmp_path, model)  # as after a restart: nothing but the disk is remembered
    assert final(tmp_path).read_bytes() == DATA
    assert hub.ranges() == ["bytes=100000-"]
    assert not [path for path, _ in hub.requests if path.startswith("/api/")]


def test_the_whole_file_in_place_of_a_range(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    hub.faults = [Fault("cut", after=100_000), Fault("whole")]
    bring(hub, tmp_path, model)
    assert final(tmp_path).read_bytes() == DATA


def test_another_piece_than_asked_for(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    hub.faults = [Fault("cut", after=100_000), Fault("elsewhere")]
    bring(hub, tmp_path, model)
    assert final(tmp_path).read_bytes() == DATA
    assert hub.ranges() == ["", "bytes=100000-", ""]


def test_a_file_that_changed_meanwhile_is_begun_anew(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    """The server's mark differs, so it sends the whole: which is not the file that was asked for."""
    hub.faults = [Fault("cut", after=100_000), *[Fault("cut", after=0)] * 3]
    refused(hub, tmp_path, model, "lost")
    hub.repos["hustvl/Moebius"][CHECKPOINT] = DATA[::-1]
    refused(hub, tmp_path, model, "damaged")


def test_wrong_bytes_are_thrown_away(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    hub.faults = [Fault("wrong bytes")]
    refused(hub, tmp_path, model, "arrived damaged.*thrown away")
    assert not list(final(tmp_path).parent.iterdir())
    bring(hub, tmp_path, model)
    assert final(tmp_path).read_bytes() == DATA


def test_wrong_bytes_after_a_cut_are_mended_once(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    hub.faults = [Fault("cut", after=100_000), *[Fault("cut", after=0)] * 3]
    refused(hub, tmp_path, model, "lost")
    hub.faults = [Fault("wrong bytes")]
    bring(hub, tmp_path, model)
    assert final(tmp_path).read_bytes() == DATA
    assert hub.ranges()[-2:] == ["bytes=100000-", ""]


def test_a_small_file_is_checked_too(hub: Hub, tmp_path: Path) -> None:
    known = known_model(NAME)
    assert known is not None
    hub.faults = [Fault(""), Fault("wrong bytes")]
    with pytest.raises(HubError, match=r"vae/config\.json arrived damaged"):
        bring(hub, tmp_path, known)
    assert not (incomplete_folder(NAME, tmp_path) / "vae/config.json").exists()


def test_more_than_stated(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    hub.faults = [Fault("longer")]
    refused(hub, tmp_path, model, "longer than the hub states")


def test_less_than_stated_is_resumed(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    hub.faults = [Fault("shorter", after=1000)]
    bring(hub, tmp_path, model)
    assert final(tmp_path).read_bytes() == DATA
    assert hub.ranges() == ["", "bytes=1000-"]


def test_always_less_than_stated(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    hub.stated[CHECKPOINT] = {"size": len(DATA) + 5}
    refused(hub, tmp_path, model, "shorter file|ended early")


def test_one_program_at_a_time(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    hub.faults = [Fault("hang", after=100_000)]
    stop = Stop()

    def work() -> None:
        with pytest.raises(Stopped):
            bring(hub, tmp_path, model, stop)

    first = threading.Thread(target=work)
    first.start()
    assert hub.hanging.wait(10)
    refused(hub, tmp_path, model, "being downloaded by another")
    stop.ask()
    first.join()
    hub.release.set()
    bring(hub, tmp_path, model)
    assert final(tmp_path).read_bytes() == DATA
    assert [path.name for path in final(tmp_path).parents[2].iterdir()] == [NAME]


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


def test_safetensors_are_preferred(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    hub.repos["hustvl/Moebius"]["ft_places2/diffusion_pytorch_model.safetensors"] = b"s"
    bring(hub, tmp_path, model)
    assert [path.name for path in final(tmp_path).parent.iterdir()] == ["diffusion_pytorch_model.safetensors"]


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


def test_a_pause_in_the_middle_of_silence_is_obeyed_at_once(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    hub.faults = [Fault("hang", after=100_000)]
    stop, raised = Stop(), threading.Event()

    def work() -> None:
        with pytest.raises(Stopped):
            bring(hub, tmp_path, model, stop)
        raised.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert hub.hanging.wait(10)
    stop.ask()
    assert raised.wait(10), "it waits for the server"
    thread.join()
    assert unfinished_downloads(tmp_path)[0].arrived <= 100_000
    hub.release.set()
    bring(hub, tmp_path, model)
    assert final(tmp_path).read_bytes() == DATA


def test_a_pause_while_waiting_to_try_again(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    hub.faults = [Fault("status", 503, headers={"Retry-After": "60"})]
    stop = Stop()
    timer = threading.Timer(0.2, stop.ask)
    timer.start()
    with pytest.raises(Stopped):
        bring(hub, tmp_path, model, stop)
    timer.join()


def test_what_was_begun_is_forgotten_on_request(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    hub.faults = [Fault("status", 404)]
    refused(hub, tmp_path, model, "404")
    forget_download(NAME, tmp_path)
    assert unfinished_downloads(tmp_path) == []
    assert not incomplete_folder(NAME, tmp_path).exists()


@pytest.mark.parametrize("text", ["", "[]", '{"files": [{"repo": "a"}]}', '{"files": [1]}', "\x00"])
def test_a_damaged_plan_is_made_anew(hub: Hub, tmp_path: Path, model: KnownModel, text: str) -> None:
    folder = incomplete_folder(NAME, tmp_path)
    folder.mkdir(parents=True)
    (folder / "plan.json").write_text(text)
    assert unfinished_downloads(tmp_path) == []
    bring(hub, tmp_path, model)
    assert final(tmp_path).read_bytes() == DATA


def test_speed_is_that_of_the_last_seconds() -> None:
    now = 0.0
    speed = Speed(lambda: now)
    assert speed.at(0) == 0.0
    for now in (1.0, 2.0):
        assert speed.at(round(1000 * now)) == pytest.approx(1000)
    for now in range(3, 30):
        pace = speed.at(2000 + 10 * now)
    assert pace == pytest.approx(10)
    assert speed.at(5) == 0.0  # begun anew


def test_the_catalogue_is_complete() -> None:
    names = [model.name for model in CATALOGUE]
    assert len(set(names)) == len(names) == 12
    for model in CATALOGUE:
        assert model.title and model.note.endswith(".") and model.licence and model.licence_url.startswith("https://")
        assert not model.parts or model.size > 0
    flux = known_model("flux-1-fill-dev")
    assert flux is not None and flux.gated and "Non-Commercial" in flux.licence
