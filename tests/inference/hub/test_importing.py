"""Models taken in from disk: what fits is kept as safetensors, what does not is refused and leaves nothing."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from inference.errors import ModelError, NoRoomError
from inference.hub import importing
from inference.hub.importing import import_model, install_download
from inference.hub.registry import known_model
from inference.models.catalogue import BUNDLED, find_model
from inference.models.folders import installed_models, installed_path, models_folder, read_record, remove_model
from inference.models.loading import load_model
from tests.oracles.published import unet_state, vae_state

pytestmark = pytest.mark.usefixtures("small_networks")


def nothing_left() -> bool:
    folder = models_folder()
    return not folder.exists() or [p.name for p in folder.rglob("*")] in ([], [".incomplete"])


def test_a_pickled_checkpoint_becomes_safetensors(published: Path) -> None:
    before = {p: p.read_bytes() for p in published.rglob("*.bin")}
    taken = import_model(published / "ft_places2")
    assert (taken.name, taken.title) == ("moebius-ft_places2", "Moebius Places2")
    assert installed_models() == ["moebius-ft_places2"]
    path = installed_path("moebius-ft_places2")
    assert path is not None
    stored = load_file(path / "diffusion_pytorch_model.safetensors")
    assert all(torch.equal(stored[k], v) for k, v in unet_state().items())
    vae = load_file(models_folder() / "vae/diffusion_pytorch_model.safetensors")
    assert {v.dtype for v in vae.values()} == {torch.float16}  # kept as they came
    assert before == {p: p.read_bytes() for p in published.rglob("*.bin")}
    assert not list(models_folder().rglob("*.bin"))
    assert not list((models_folder() / ".incomplete").iterdir())


def test_an_installed_model_is_found_and_loaded_by_name(published: Path) -> None:
    import_model(published / "ft_places2")
    folder = find_model("moebius-ft_places2")
    assert (folder.name, folder.title) == ("moebius-ft_places2", "Moebius Places2")
    assert load_model("moebius-ft_places2", torch.device("cpu")).folder.title == "Moebius Places2"


def test_a_file_alone_takes_the_installed_autoencoder(published: Path, tmp_path: Path) -> None:
    single = tmp_path / "elsewhere" / "My weights.safetensors"
    single.parent.mkdir()
    save_file(unet_state(), single)
    with pytest.raises(ModelError, match="needs its autoencoder: import the folder 'vae'"):
        import_model(single)
    assert nothing_left()
    assert import_model(published / "vae").name == ""
    assert import_model(single).name == "moebius-My-weights"
    assert installed_models() == ["moebius-My-weights"]


def test_the_programs_own_form(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="comes with the program already"):
        import_model(BUNDLED / "moebius-nano")
    assert nothing_left()
    own = tmp_path / "mine"
    shutil.copytree(BUNDLED / "moebius-nano", own)
    values = json.loads((own / "config.json").read_text())
    (own / "config.json").write_text(json.dumps({**values, "name": "mine", "title": "My own"}))
    taken = import_model(own)
    assert (taken.name, find_model("mine").title) == ("mine", "My own")
    assert find_model("mine").native == find_model("moebius-nano").native


class _Evil:
    """Runs code when it is unpickled by a reader that trusts it."""

    def __init__(self, sign: Path) -> None:
        self._sign = sign

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.touch, (self._sign,)


@pytest.mark.parametrize("kind", ["evil", "noise", "missing", "shape", "unexpected", "nan", "empty", "text"])
def test_what_does_not_fit_is_refused(published: Path, tmp_path: Path, kind: str) -> None:
    file = published / "ft_places2" / "diffusion_pytorch_model.bin"
    state: dict[str, Any] = unet_state()
    key = "diff_model.conv_out.conv_pw.weight"
    sign = tmp_path / "code was run"
    words = "does not fit"
    if kind == "evil":
        state["more"], words = _Evil(sign), "holds more than tensors"
    elif kind == "missing":
        del state[key]
    elif kind == "shape":
        state[key] = state[key][:-1]
    elif kind == "unexpected":
        state["another.weight"] = torch.zeros(3)
    elif kind == "nan":
        state[key], words = torch.full_like(state[key], torch.nan), "not finite"
    torch.save(state, file)
    if kind in ("noise", "empty", "text"):
        words = "damaged|not a checkpoint|holds more"
        file.write_bytes({"noise": b"\x80\x02" + bytes(range(256)), "empty": b"", "text": b"<html>"}[kind])
    with pytest.raises(ModelError, match=words):
        import_model(published / "ft_places2")
    assert nothing_left()
    assert not sign.exists()
    assert file.exists()


def test_a_plain_pickle_runs_no_code(tmp_path: Path) -> None:
    sign = tmp_path / "code was run"
    file = tmp_path / "model.pt"
    file.write_bytes(pickle.dumps(_Evil(sign)))
    with pytest.raises(ModelError):
        import_model(file)
    assert not sign.exists()
    assert nothing_left()


def test_an_autoencoder_that_does_not_fit(published: Path) -> None:
    torch.save({**vae_state(), "more": torch.zeros(1)}, published / "vae/diffusion_pytorch_model.bin")
    with pytest.raises(ModelError, match="unexpected: more"):
        import_model(published / "ft_places2")
    assert nothing_left()


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_a_folder_without_a_model(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match=r"is not there|holds no checkpoint"):
        import_model(tmp_path / "work" / name if name == "nowhere" else tmp_path)
    assert nothing_left()


def test_a_name_is_used_once(published: Path) -> None:
    import_model(published / "ft_places2")
    before = sorted(p.name for p in models_folder().rglob("*"))
    with pytest.raises(ModelError, match="already"):
        import_model(published / "ft_places2")
    assert sorted(p.name for p in models_folder().rglob("*")) == before


def test_a_full_disk_leaves_nothing(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(importing, "save_file", full)
    with pytest.raises(NoRoomError, match="is full"):
        import_model(published / "ft_places2")
    assert nothing_left()


def test_a_full_disk_as_the_writer_of_safetensors_says_it(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(importing, "save_file", full)
    with pytest.raises(NoRoomError, match="is full"):
        import_model(published / "ft_places2")
    assert nothing_left()


def test_room_is_asked_for_first(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(published)
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage._replace(free=100_000_000))
    monkeypatch.setattr(importing, "read_checkpoint", lambda _path: pytest.fail("it was read all the same"))
    with pytest.raises(NoRoomError, match=r"needs 0\.2 GB .* 0\.1 GB are free"):
        import_model(published / "ft_places2")
    assert nothing_left()


def test_a_download_is_taken_in_and_used_up(published: Path) -> None:
    known = known_model("moebius-ft_places2")
    assert known is not None
    assert install_download(known, published).name == known.name
    assert not published.exists()
    path = installed_path(known.name)
    assert path is not None
    record = read_record(path)
    assert record["licence"] == known.licence and record["source"] == "hustvl/Moebius/ft_places2"
    assert set(record["stored"]) == {"diffusion_pytorch_model.safetensors"}


def test_removing_takes_the_autoencoder_with_the_last(published: Path) -> None:
    import_model(published / "ft_places2")
    (published / "ft_places2").rename(published / "other")
    import_model(published / "other")
    remove_model("moebius-other")
    assert installed_models() == ["moebius-ft_places2"]
    assert (models_folder() / "vae").is_dir()
    remove_model("moebius-ft_places2")
    assert nothing_left()
    with pytest.raises(ModelError, match="no installed model"):
        remove_model("moebius-ft_places2")


@pytest.mark.parametrize("name", ["", "..", "vae", "../x", ".incomplete", "a/b"])
def test_only_models_are_removed(published: Path, name: str) -> None:
    import_model(published / "ft_places2")
    with pytest.raises(ModelError):
        remove_model(name)
    assert installed_models() == ["moebius-ft_places2"]


def flux_folder(root: Path) -> Path:
    for name in ("transformer", "vae"):
        (root / name).mkdir(parents=True)
        save_file({"a": torch.zeros(2)}, root / name / "diffusion_pytorch_model.safetensors")
    (root / "model_index.json").write_text(json.dumps({"_class_name": "FluxFillPipeline"}))
    return root


def test_flux_is_kept_without_pickles(tmp_path: Path) -> None:
    root = flux_folder(tmp_path / "flux")
    (root / "text_encoder.bin").write_bytes(b"a pickle")
    assert import_model(root).name == "flux-1-fill-dev"
    path = installed_path("flux-1-fill-dev")
    assert path is not None
    assert not list(path.rglob("*.bin"))
    assert (root / "transformer/diffusion_pytorch_model.safetensors").exists()


@pytest.mark.parametrize("harm", ["kind", "weights", "missing"])
def test_flux_that_is_not(tmp_path: Path, harm: str) -> None:
    root = flux_folder(tmp_path / "flux")
    weights = root / "transformer/diffusion_pytorch_model.safetensors"
    if harm == "kind":
        (root / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    elif harm == "weights":
        weights.write_bytes(b"\x09")
    else:
        weights.unlink()
    with pytest.raises(ModelError):
        import_model(root)
    assert nothing_left()
