"""The history: steps back and forth, budgets of memory and disk."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app.document.editing.document import Document
from app.document.history.edits import Edit, Recorder
from app.document.history.history import History
from app.document.mask.brush import Brush
from app.document.pixels.picture import Picture
from app.document.pixels.storage import OnDisk
from tests.document.history.spilled import files_in
from tests.document.patches import Patch


def _document(width: int = 300, height: int = 280) -> Document:
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Document(Picture(pixels))


def _stroke(doc: Document, brush: Brush, *points: tuple[float, float]) -> Edit:
    doc.begin_stroke(brush, *points[0])
    for point in points[1:]:
        doc.stroke_to(*point)
    edit = doc.end_stroke()
    assert edit is not None
    return edit


def _result(doc: Document, seed: int, side: int = 200) -> Edit:
    rgb = np.random.default_rng(100 + seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    edit = doc.apply_result([Patch((0, 0, side, side), rgb)], doc.mask.copy())
    assert edit is not None
    return edit


class Later:
    """Does the work when asked to, as another thread would."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def __call__(
        self, work: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[Exception], None]
    ) -> None:
        def both() -> None:
            try:
                answer = work()
            except Exception as error:
                failed(error)
            else:
                done(answer)

        self.waiting.append(both)

    def all(self) -> None:
        while self.waiting:
            self.waiting.pop(0)()


def test_steps_back_and_forth() -> None:
    doc, history = _document(), History()
    states = [doc.mask.tobytes()]
    for x in (20, 120, 220):
        history.push(_stroke(doc, Brush(30), (x, 50), (x, 200)))
        states.append(doc.mask.tobytes())
    assert (history.index, [step.name for step in history.steps]) == (3, ["Brush stroke"] * 3)
    assert history.undo(doc)
    assert doc.mask.tobytes() == states[2]
    for index in (0, 3, 1, 1):
        history.go_to(doc, index)
        assert history.index == index
        assert doc.mask.tobytes() == states[index]
    history.redo(doc)
    history.push(_stroke(doc, Brush(30), (250, 250)))
    assert len(history.steps) == 3
    with pytest.raises(IndexError):
        history.redo(doc)
    with pytest.raises(IndexError):
        history.go_to(doc, 4)
    history.go_to(doc, 0)
    with pytest.raises(IndexError):
        history.undo(doc)
    history.clear()
    assert (history.index, history.steps, history.nbytes) == (0, [], 0)


def test_a_step_knows_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = iter((100.0, 107.0))
    monkeypatch.setattr("app.document.history.history.time", SimpleNamespace(time=lambda: next(readings)))
    doc, history = _document(), History()
    stroke = history.push(_stroke(doc, Brush(10), (50.5, 60.5)))
    result = history.push(_result(doc, 1))
    assert stroke.box == (45, 55, 56, 66)
    assert result.box == (0, 0, 200, 200)
    assert (stroke.changes_pixels, result.changes_pixels) == (False, True)
    assert (stroke.time, result.time) == (100.0, 107.0)
    assert history.nbytes == stroke.nbytes + result.nbytes == stroke.edit.nbytes + result.edit.nbytes


def test_versions_tell_whether_the_pixels_are_those_saved() -> None:
    doc, history = _document(), History()
    unsaved = [history.unsaved]
    history.push(_stroke(doc, Brush(10), (50, 60)))
    unsaved.append(history.unsaved)
    history.push(_result(doc, 1))
    unsaved.append(history.unsaved)
    history.saved_version = history.pixel_version
    unsaved.append(history.unsaved)
    history.undo(doc)
    unsaved.append(history.unsaved)
    history.push(_result(doc, 2))
    unsaved.append(history.unsaved)
    assert unsaved == [False, False, True, False, True, True]
    history.go_to(doc, 0)
    assert history.pixel_version == 0


@pytest.mark.parametrize("run_later", [False, True])
def test_the_oldest_go_to_disk_and_come_back(tmp_path: Path, run_later: bool) -> None:
    later = Later()
    doc = _document()
    history = History(later, folder=tmp_path) if run_later else History(folder=tmp_path)
    states = [doc.pixels.tobytes()]
    for seed in range(6):
        history.push(_result(doc, seed))
        states.append(doc.pixels.tobytes())
        later.all()
    assert files_in(tmp_path) == []
    history.budget = 600_000  # two of them
    later.all()
    assert [step.on_disk for step in history.steps] == [True] * 4 + [False] * 2
    assert len(files_in(tmp_path)) == 4
    assert history.nbytes <= 600_000
    assert history.disk_nbytes == sum(path.stat().st_size for path in files_in(tmp_path))
    for index in (0, 6, 2, 0, 5):
        history.go_to(doc, index)
        assert doc.pixels.tobytes() == states[index]
    history.go_to(doc, 1)
    history.push(_stroke(doc, Brush(10), (5, 5)))
    later.all()
    assert len(files_in(tmp_path)) == 1
    history.clear()
    later.all()
    assert list(tmp_path.iterdir()) == []


def test_the_newest_and_the_next_to_be_undone_stay_in_memory(tmp_path: Path) -> None:
    doc, history = _document(), History(folder=tmp_path)
    for seed in range(4):
        history.push(_result(doc, seed))
    history.go_to(doc, 2)
    history.budget = 0
    assert [step.on_disk for step in history.steps] == [True, False, True, False]
    history.close()
    assert list(tmp_path.iterdir()) == []


def test_what_the_disk_has_no_room_for_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    doc, history = _document(), History(folder=tmp_path)
    told: list[tuple[int, int]] = []
    history.listeners.append(lambda: told.append((history.index, len(history.steps))))
    states = [doc.pixels.tobytes()]
    for seed in range(6):
        history.push(_result(doc, seed))
        states.append(doc.pixels.tobytes())
    history.saved_version = history.steps[3].version
    history.disk_budget = 300_000  # one of them
    history.budget = 600_000
    assert [step.on_disk for step in history.steps] == [True, False, False]
    assert told[-1] == (history.index, len(history.steps)) == (3, 3)
    assert len(files_in(tmp_path)) == 1
    assert history.unsaved
    history.go_to(doc, 0)
    assert doc.pixels.tobytes() == states[3]
    assert history.pixel_version == 3
    history.go_to(doc, 3)

    def full(self: Edit, path: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Edit, "save", full)
    history.budget = 300_000
    assert [step.on_disk for step in history.steps] == [False]
    history.undo(doc)
    assert doc.pixels.tobytes() == states[5]
    history.redo(doc)
    assert doc.pixels.tobytes() == states[6]


def test_nothing_is_forgotten_that_is_yet_to_be_redone(tmp_path: Path) -> None:
    doc, history = _document(), History(folder=tmp_path, disk_budget=0)
    for seed in range(4):
        history.push(_result(doc, seed))
    last = doc.pixels.tobytes()
    history.go_to(doc, 0)
    history.budget = 0
    history.go_to(doc, 4)
    assert doc.pixels.tobytes() == last


def test_a_step_that_cannot_be_read_back_changes_nothing(tmp_path: Path) -> None:
    doc, history = _document(), History(folder=tmp_path)
    for seed in range(3):
        history.push(_result(doc, seed))
    history.budget = 0
    history.go_to(doc, 2)
    paths = files_in(tmp_path)
    paths[1].write_bytes(paths[1].read_bytes()[:10])
    before, revision = doc.pixels.tobytes(), doc.revision
    with pytest.raises(OSError, match="shorter"):
        history.undo(doc)
    assert (doc.pixels.tobytes(), doc.revision, history.index) == (before, revision, 2)
    paths[1].unlink()
    with pytest.raises(OSError, match="No such file"):
        history.undo(doc)


def test_steps_that_went_while_they_were_written_leave_no_file(tmp_path: Path) -> None:
    later = Later()
    doc, history = _document(), History(later, folder=tmp_path)
    for seed in range(3):
        history.push(_result(doc, seed))
        later.all()
    history.budget = 0  # the first is being written
    history.go_to(doc, 0)
    history.push(_stroke(doc, Brush(10), (5, 5)))
    later.all()
    assert files_in(tmp_path) == []
    for seed in range(3):
        history.push(_result(doc, seed))
        history.clear()
    later.all()
    assert list(tmp_path.iterdir()) == []


def test_a_result_is_compressed_by_who_is_told_to() -> None:
    later = Later()
    doc, history = _document(2000, 1500), History(later)
    before = doc.pixels.copy()
    grey = np.full((1400, 1900, 3), 9, np.uint8)
    grey[::2] = 10
    edit = doc.apply_result([Patch((0, 0, 1900, 1400), grey)], doc.mask.copy())
    assert edit is not None
    history.push(edit)
    raw = history.nbytes
    assert raw > 15_000_000
    later.all()
    assert history.nbytes == edit.nbytes < raw * 0.6  # noise stays as it is
    history.undo(doc)
    np.testing.assert_array_equal(doc.pixels, before)


def test_a_thousand_strokes_are_small() -> None:
    rng = np.random.default_rng(4)
    doc, history = _document(4000, 3000), History()
    for _ in range(1000):
        x, y = rng.uniform(0, 4000), rng.uniform(0, 3000)
        angle = rng.uniform(0, 2 * np.pi)
        points = [(x + 30 * i * np.cos(angle + i / 9), y + 30 * i * np.sin(angle + i / 9)) for i in range(11)]
        doc.begin_stroke(Brush(40), *points[0])
        for point in points[1:]:
            doc.stroke_to(*point)
        edit = doc.end_stroke()
        if edit is not None:
            history.push(edit)
    assert len(history.steps) > 900
    assert history.nbytes < 60_000_000
    history.go_to(doc, 0)
    assert not doc.mask.any()


def test_many_steps_over_budget_at_once(tmp_path: Path) -> None:
    doc, history = _document(), History(folder=tmp_path, disk_budget=20_000)
    for number in range(1500):
        history.push(_stroke(doc, Brush(12, 0.3, erase=number % 2 == 1), (number % 290, 50), (150, 100)))
    history.budget = 0
    history.disk_budget = 0
    assert len(history.steps) == 1


def test_sixteen_bits_come_back(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 65536, (300, 400, 4)).astype(np.uint16)

    class Deep:
        def __init__(self) -> None:
            self.pixels, self.mask = pixels.copy(), np.zeros((300, 400), np.uint8)
            self.samples = self.mask

        def mark_changed(self) -> None: ...

    doc = Deep()
    recorder = Recorder("pixels", doc.pixels)
    recorder.touch((10, 20, 390, 280))
    doc.pixels[20:280, 10:390, :3] //= 3
    after = doc.pixels.copy()
    edit = Edit("Erase", tuple(recorder.parts()))
    for form in (lambda: None, edit.pack, lambda: edit.move_to(edit.save(tmp_path / "a.step"))):
        form()
        edit.undo(doc)
        np.testing.assert_array_equal(doc.pixels, pixels)
        edit.redo(doc)
        np.testing.assert_array_equal(doc.pixels, after)
    assert any(isinstance(part.before, OnDisk) for part in edit.parts)


def test_on_a_journey_no_step_is_forgotten_or_moved(tmp_path: Path) -> None:
    doc, later = _document(), Later()
    history = History(later, folder=tmp_path)
    states = [doc.pixels.tobytes()]
    for seed in range(4):
        history.push(_result(doc, seed))
        states.append(doc.pixels.tobytes())
    later.all()
    journey = history.set_out(1)
    assert (journey.back, history.index) == (True, 4)
    assert 3 * 200 * 200 <= journey.cost < float("inf")
    history.budget, history.disk_budget = 0, 0
    later.all()
    assert (len(history.steps), files_in(tmp_path)) == (4, [])
    journey.take(doc)
    history.arrive(journey)
    assert doc.pixels.tobytes() == states[1]
    later.all()
    history.disk_budget = 10**9
    assert 0 <= history.index < len(history.steps) <= 4
    history.go_to(doc, len(history.steps))
    assert doc.pixels.tobytes() == states[4]


def test_a_journey_through_a_file_costs_more_than_anything(tmp_path: Path) -> None:
    doc = _document()
    history = History(budget=0, folder=tmp_path)
    for seed in range(3):
        history.push(_result(doc, seed))
    assert files_in(tmp_path)
    assert history.set_out(0).cost == float("inf")
