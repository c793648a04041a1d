"""Downloads from a hub that cuts and lies: a good file, or a sentence and nothing under its name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.hub.downloading import Speed, unfinished_downloads
from inference.hub.errors import HubError
from inference.hub.registry import KnownModel, known_model
from inference.models.folders import incomplete_folder
from tests.inference.hub.conftest import CHECKPOINT, DATA, NAME, bring, final, refused
from tests.oracles.hub_server import COMMIT, Fault, Hub


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


def test_safetensors_are_preferred(hub: Hub, tmp_path: Path, model: KnownModel) -> None:
    hub.repos["hustvl/Moebius"]["ft_places2/diffusion_pytorch_model.safetensors"] = b"s"
    bring(hub, tmp_path, model)
    assert [path.name for path in final(tmp_path).parent.iterdir()] == ["diffusion_pytorch_model.safetensors"]


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
