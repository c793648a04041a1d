"""Session files read without this program, and files that are damaged, cut off, too new, or made to do harm."""

from __future__ import annotations

import io
import json
import re
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from app.document.editing.document import Document
from app.document.errors import DocumentError
from app.document.formats.files import read_picture
from app.document.history.history import History
from app.document.session.file import open_session, save_session
from app.document.session.folder import Folder
from app.document.session.journal import Journal, Snapshot
from app.document.session.load import Loaded
from tests.document.patches import Patch

_DOC = Path(__file__).resolve().parents[3] / "docs" / "session-format.md"
_SIZE = (300, 280)


class Made:
    """A session file and what is in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / "work.moebius"
        rng = np.random.default_rng(3)
        photo = folder / "photo.jpg"
        exif = Image.Exif()
        exif[0x0112], exif[0x010F] = 6, "A maker"
        pixels = rng.integers(0, 256, (_SIZE[0], _SIZE[1], 3), dtype=np.uint8)
        Image.fromarray(pixels).save(photo, exif=exif, quality=90)
        self.original = photo.read_bytes()
        picture = read_picture(photo)
        self.document, self.history = Document(picture), History(folder=folder / "history")
        journal = Journal(Folder.create(folder / "unsaved"), "1.2")
        journal.begin(picture, photo, self._now())
        for number in range(4):
            mask = np.zeros((_SIZE[1], _SIZE[0]), np.uint8)
            mask[40 * number : 40 * number + 60, 30:200] = 255
            patch = Patch((20, 40 * number, 210, 40 * number + 70), rng.integers(0, 256, (70, 190, 3), dtype=np.uint8))
            for edit in (
                self.document.fill_box((10 * number, 0, 10 * number + 60, 200)),
                self.document.apply_result([patch], mask),
            ):
                if edit is not None:
                    self.history.push(edit)
        self.history.undo(self.document)
        journal.update(self._now())
        journal.write_thumbnail(picture)
        save_session(journal, self.path, "1.2")
        journal.close()

    def _now(self) -> Snapshot:
        return Snapshot(tuple(self.history.steps), self.history.index, name="photo.jpg")

    def open(self, path: Path | None = None) -> Loaded:
        loaded = open_session(path or self.path, self.folder / "opened")
        loaded.journal.close()
        return loaded

    def tried(self, path: Path) -> Loaded | str:
        """What opening it gives, or the sentence that says why nothing does."""
        try:
            return self.open(path)
        except DocumentError as error:
            return str(error)

    def rewritten(self, change: Callable[[str, bytes], bytes | None]) -> Path:
        """The file with entries changed, or left out where None."""
        path = self.folder / "changed.moebius"
        with zipfile.ZipFile(self.path) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
            for info in old.infolist():
                data = change(info.filename, old.read(info))
                if data is not None:
                    new.writestr(info.filename, data)
        return path

    def with_manifest(self, change: Callable[[dict[str, Any]], None]) -> Path:
        def changed(name: str, data: bytes) -> bytes:
            if name != "manifest.json":
                return data
            manifest = json.loads(data)
            change(manifest)
            return json.dumps(manifest).encode()

        return self.rewritten(changed)


def make(folder: Path) -> Made:
    """The same bytes every time: the file tells when it was written, here by a clock that stands still."""
    moment = 1_700_000_000.0
    then = time.localtime(moment)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(time, "time", lambda: moment)
        patched.setattr(time, "localtime", lambda *_seconds: then)
        return Made(folder)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("made"))


def test_the_file_to_damage_is_the_same_every_time(made: Made, tmp_path: Path) -> None:
    assert make(tmp_path).path.read_bytes() == made.path.read_bytes()


def nothing_left(made: Made) -> bool:
    folder = made.folder / "opened"
    return not folder.exists() or not list(folder.iterdir())


def test_the_program_in_the_documentation_reads_picture_and_mask(tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (300, 280, 3), dtype=np.uint8)).save(photo)
    picture = read_picture(photo)
    document, history = Document(picture), History(folder=tmp_path / "history")
    journal = Journal(Folder.create(tmp_path / "unsaved"))
    journal.begin(picture, photo, Snapshot((), 0, name="photo.png"))
    for number in range(3):
        rgb = np.random.default_rng(number).integers(0, 256, (90, 280, 3), dtype=np.uint8)
        rgb[:, :40] = 7  # of one colour
        mask = np.zeros((300, 280), np.uint8)
        mask[50 * number : 50 * number + 20] = 200
        for edit in (
            document.fill_box((5, 10 * number, 200, 290)),
            document.apply_result([Patch((0, 60 * number, 280, 60 * number + 90), rgb)], mask),
        ):
            assert edit is not None
            history.push(edit)
    history.undo(document)
    journal.update(Snapshot(tuple(history.steps), history.index, name="photo.png"))
    save_session(journal, tmp_path / "a.moebius")
    journal.close()
    (program,) = re.findall(r"```python\n(.*?)```", _DOC.read_text(), re.DOTALL)
    assert len(program.strip().splitlines()) <= 35
    script = tmp_path / "read.py"
    script.write_text(program)
    subprocess.run([sys.executable, str(script), str(tmp_path / "a.moebius")], check=True, cwd=tmp_path)
    with Image.open(tmp_path / "picture.png") as image:
        assert np.array_equal(np.asarray(image), document.pixels)
    with Image.open(tmp_path / "mask.png") as image:
        assert np.array_equal(np.asarray(image), document.mask)


def test_the_file_is_a_zip_as_documented(made: Made) -> None:
    with zipfile.ZipFile(made.path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert names[0] == "mimetype"
        assert archive.read("mimetype") == b"application/x-moebius"
        manifest = json.loads(archive.read("manifest.json"))
        assert manifest["version"] == 2
        assert manifest["program"] == "Moebius 1.2"
        assert str(made.folder) not in archive.read("manifest.json").decode(), "no paths of this computer"
        with Image.open(io.BytesIO(archive.read("mask.png"))) as mask:
            assert np.array_equal(np.asarray(mask), made.document.mask)
        with Image.open(io.BytesIO(archive.read("thumbnail.png"))) as small:
            assert max(small.size) <= 256
    loaded = made.open()
    assert np.array_equal(loaded.document.pixels, made.document.pixels)
    assert np.array_equal(loaded.document.mask, made.document.mask)


def test_the_original_keeps_its_bytes(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    Image.new("RGB", (40, 30), "teal").save(photo, quality=71)
    journal = Journal(Folder.create(tmp_path / "unsaved"))
    journal.begin(read_picture(photo), photo, Snapshot((), 0, name="photo.jpg"))
    save_session(journal, tmp_path / "a.moebius")
    journal.close()
    with zipfile.ZipFile(tmp_path / "a.moebius") as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert archive.read(manifest["picture"]["file"]) == photo.read_bytes()


def test_a_newer_version_is_refused(made: Made) -> None:
    with pytest.raises(DocumentError, match="newer version of Moebius"):
        made.open(made.with_manifest(lambda manifest: manifest.update(version=3)))
    assert nothing_left(made)


@pytest.mark.parametrize(
    "change",
    [
        {"version": "1"},
        {"version": True},
        {"format": "another"},
        {"steps": 3},
        {"steps": [{"file": "../../etc/passwd", "name": "x", "time": 0}]},
        {"steps": [{"file": "edits/000000.edit", "name": "x", "time": 0}]},
        {"done": 1000},
        {"done": -1},
        {"picture": {}},
        {"picture": {"name": "a", "file": "/etc/passwd", "width": 1, "height": 1, "channels": 3, "dtype": "uint8"}},
        {"picture": {"name": "a", "file": "original", "width": 10**9, "height": 9, "channels": 3, "dtype": "uint8"}},
        {"picture": {"name": "a", "file": "original", "width": 5, "height": 5, "channels": 3, "dtype": "object"}},
    ],
)
def test_manifests_that_make_no_sense_are_refused(made: Made, change: dict[str, Any]) -> None:
    with pytest.raises(DocumentError):
        made.open(made.with_manifest(lambda manifest: manifest.update(change)))
    assert nothing_left(made)


def test_a_picture_of_another_size_is_refused(made: Made) -> None:
    def change(manifest: dict[str, Any]) -> None:
        manifest["picture"]["width"] += 1

    with pytest.raises(DocumentError, match="damaged"):
        made.open(made.with_manifest(change))
    assert nothing_left(made)


def test_a_bomb_is_not_unpacked(made: Made) -> None:
    def bomb(name: str, data: bytes) -> bytes:
        return bytes(300_000_000) if name.endswith("01.edit") or name == "mask.png" else data

    path = made.rewritten(bomb)
    with pytest.raises(DocumentError, match="unpacks to more"):
        made.open(path)
    assert nothing_left(made)


def test_an_edit_that_unpacks_to_more_than_its_box_is_not_taken(made: Made) -> None:
    table = [{"target": "mask", "box": [0, 0, 9, 9]}]
    stream = zlib.compress(bytes(50_000_000))
    table[0]["after"] = {"start": 0, "length": len(stream), "crc32": zlib.crc32(stream)}  # type: ignore[assignment]
    data = json.dumps(table).encode()
    edit = stream + data + struct.pack("<II4s", len(data), zlib.crc32(data), b"MBED")
    loaded = made.open(made.rewritten(lambda name, old: edit if name == "current.edit" else old))
    assert np.array_equal(loaded.document.mask, made.document.mask), "the other copy of the mask"


def test_names_that_lead_elsewhere_are_not_written(made: Made) -> None:
    path = made.rewritten(lambda _name, data: data)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../../escaped", b"x")
        archive.writestr(str(made.folder / "elsewhere" / "escaped-absolute"), b"x")
    loaded = made.open(path)
    assert not loaded.note
    assert not list(made.folder.rglob("escaped*"))


@pytest.mark.parametrize("name", ["current.edit", "mask.png", "edits/000004.edit", "thumbnail.png"])
@pytest.mark.parametrize("how", ["gone", "damaged", "pickle"])
def test_picture_and_mask_survive_damage_of_one_entry(made: Made, name: str, how: str) -> None:
    def change(found: str, data: bytes) -> bytes | None:
        if found != name:
            return data
        if how == "gone":
            return None
        return b"\x80\x04cos\nsystem\n." if how == "pickle" else data[: len(data) // 2]

    loaded = made.open(made.rewritten(change))
    assert np.array_equal(loaded.document.mask, made.document.mask)
    if name != "current.edit":  # then some of it may be lost, and it says so
        assert np.array_equal(loaded.document.pixels, made.document.pixels)
    assert bool(loaded.note) == (name in ("current.edit", "edits/000004.edit"))


def test_history_around_a_damaged_step_is_kept(made: Made) -> None:
    whole = made.open()
    loaded = made.open(
        made.rewritten(lambda name, data: None if name == f"edits/{whole.state.steps[1].number:06}.edit" else data)
    )
    assert "undone" in loaded.note
    assert len(loaded.edits) == len(whole.edits) - 2
    assert loaded.state.done == whole.state.done - 2
    assert np.array_equal(loaded.document.pixels, made.document.pixels)


def test_a_manifest_that_is_not_as_written_is_told(made: Made) -> None:
    """One flipped byte can leave a manifest readable that lacks what another flipped byte would be found by."""
    path = made.rewritten(lambda name, data: data.replace(b'"crc32"', b'"crc33"') if name == "manifest.json" else data)
    with zipfile.ZipFile(made.path) as archive:
        written = archive.getinfo("manifest.json").CRC
    with zipfile.ZipFile(path) as archive:
        changed = archive.getinfo("manifest.json").CRC
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", changed), struct.pack("<I", written)))
    loaded = made.open(path)
    assert "damaged" in loaded.note
    assert np.array_equal(loaded.document.mask, made.document.mask)


@given(part=st.floats(0, 1))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_that_is_cut_off_gives_what_is_there_or_a_sentence(made: Made, part: float) -> None:
    data = made.path.read_bytes()
    path = made.folder / "cut.moebius"
    path.write_bytes(data[: round(part * len(data))])
    with zipfile.ZipFile(made.path) as archive:
        needed = archive.getinfo("thumbnail.png").header_offset
    loaded = made.tried(path)
    if isinstance(loaded, str):
        assert "cut.moebius" in loaded
        assert part * len(data) < needed
    elif part * len(data) > needed + 1:
        assert np.array_equal(loaded.document.pixels, made.document.pixels)
        assert np.array_equal(loaded.document.mask, made.document.mask)
    assert nothing_left(made)


@given(data=st.data())
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_flipped_bytes_never_give_anything_but_a_session_or_a_sentence(made: Made, data: st.DataObject) -> None:
    content = bytearray(made.path.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path = made.folder / "flipped.moebius"
    path.write_bytes(content)
    loaded = made.tried(path)
    if isinstance(loaded, str):
        assert "flipped.moebius" in loaded
    else:
        assert loaded.note or np.array_equal(loaded.document.pixels, made.document.pixels)
    assert nothing_left(made)


def test_files_that_are_none(tmp_path: Path, made: Made) -> None:
    for name, content in (("empty", b""), ("text", b"hello"), ("picture", made.original)):
        path = tmp_path / f"{name}.moebius"
        path.write_bytes(content)
        with pytest.raises(DocumentError, match=name):
            made.open(path)
    with pytest.raises(DocumentError, match="not found"):
        made.open(tmp_path / "missing.moebius")
    (tmp_path / "folder.moebius").mkdir()
    with pytest.raises(DocumentError, match="folder"):
        made.open(tmp_path / "folder.moebius")


def test_a_failed_save_leaves_the_older_file(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(Folder.create(tmp_path / "unsaved"))
    photo = tmp_path / "photo.png"
    Image.new("RGB", (30, 20)).save(photo)
    journal.begin(read_picture(photo), photo, Snapshot((), 0, name="photo.png"))
    path = tmp_path / "a.moebius"
    save_session(journal, path)
    older = path.read_bytes()

    def stop(_part: float) -> None:
        raise InterruptedError(4, "stopped")

    with pytest.raises(DocumentError, match="not saved"):
        save_session(journal, path, "", stop)
    assert path.read_bytes() == older
    monkeypatch.setattr("os.fsync", lambda _handle: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(DocumentError, match="the disk is full"):
        save_session(journal, path)
    monkeypatch.undo()
    assert path.read_bytes() == older
    assert sorted(entry.name for entry in tmp_path.iterdir() if entry.is_file()) == ["a.moebius", "photo.png"]
    journal.close()
