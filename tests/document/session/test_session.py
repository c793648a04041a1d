"""Sessions and what is kept for a crash: any interleaving of edits, saves, crashes and budgets comes back exactly."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import cv2
import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from PIL import Image

from app.document.editing.document import Document
from app.document.editing.sample_area import Mark
from app.document.formats.files import read_picture
from app.document.history.edits import Edit
from app.document.history.history import History
from app.document.mask.brush import Brush
from app.document.session.file import open_session, save_session
from app.document.session.folder import Folder
from app.document.session.journal import Journal, LostStep, Snapshot
from app.document.session.load import Loaded
from app.document.session.unsaved_sessions import find_unsaved
from tests.document.patches import Patch

_WIDTH, _HEIGHT = 290, 270  # over the edge of a tile in both directions


class Sessions(RuleBasedStateMachine):
    """A document whose states are kept as whole copies, beside a journal that is left and taken up again."""

    @initialize(
        kind=st.sampled_from(["rgb.jpg", "rgba.png", "deep.png", "pasted"]),
        seed=st.integers(0, 1000),
        budgets=st.sampled_from([(10**9, 10**9), (0, 10**9), (0, 100_000)]),
    )
    def start(self, kind: str, seed: int, budgets: tuple[int, int]) -> None:
        self.rng = np.random.default_rng(seed)
        self.root = Path(tempfile.mkdtemp())
        self.parent = self.root / "unsaved"
        self.budgets = budgets
        source = self._make(kind)
        picture = read_picture(source)
        self.doc = Document(picture)
        self.history = self._history()
        self.states = [self._state()]
        self.journal = Journal(Folder.create(self.parent))
        self.journal.begin(picture, None if kind == "pasted" else source, self._snapshot())
        if kind != "pasted":
            source.unlink()  # nobody may need it any more
        self.written = self._written()

    def _make(self, kind: str) -> Path:
        pixels = self.rng.integers(0, 256, (_HEIGHT, _WIDTH, 4), dtype=np.uint8)
        path = self.root / kind.replace("pasted", "pasted.png")
        if kind == "deep.png":
            cv2.imwrite(str(path), self.rng.integers(0, 65536, (_HEIGHT, _WIDTH, 3), dtype=np.uint16))
        else:
            Image.fromarray(pixels if kind == "rgba.png" else pixels[..., :3]).save(path)
        return path

    def _history(self) -> History:
        history = History(budget=self.budgets[0], disk_budget=self.budgets[1], folder=self.root / "history")
        history.dropped = []
        return history

    def _state(self) -> tuple[bytes, ...]:
        return self.doc.pixels.tobytes(), self.doc.mask.tobytes(), self.doc.samples.tobytes()

    def _written(self) -> tuple[list[tuple[bytes, ...]], int]:
        return list(self.states), self.history.index

    def _snapshot(self) -> Snapshot:
        dropped, self.history.dropped = tuple(self.history.dropped or ()), []
        steps, forgotten = tuple(self.history.steps), self.history.forgotten
        return Snapshot(steps, self.history.index, dropped, forgotten, "a picture", True)

    def _push(self, edit: Edit | None) -> None:
        if edit is None:
            return
        del self.states[self.history.index + 1 :]
        self.states.append(self._state())
        self.history.push(edit)
        del self.states[: len(self.states) - 1 - len(self.history.steps)]

    @rule(x=st.floats(0, _WIDTH), y=st.floats(0, _HEIGHT), size=st.floats(1, 120), erase=st.booleans())
    def stroke(self, x: float, y: float, size: float, erase: bool) -> None:
        self.doc.begin_stroke(Brush(size, 0.5, erase), x, y)
        self.doc.stroke_to(_WIDTH - x, y)
        self._push(self.doc.end_stroke())

    @rule(x=st.floats(0, _WIDTH), y=st.floats(0, _HEIGHT), size=st.floats(1, 120), mark=st.sampled_from(Mark))
    def mark(self, x: float, y: float, size: float, mark: Mark) -> None:
        self.doc.begin_stroke(Brush(size), x, y, 1.0, mark)
        self.doc.stroke_to(x, _HEIGHT - y)
        self._push(self.doc.end_stroke())

    @rule(invert=st.booleans())
    def change_whole_mask(self, invert: bool) -> None:
        self._push(self.doc.invert_mask() if invert else self.doc.clear_mask())

    @rule(x=st.integers(0, _WIDTH - 1), y=st.integers(0, _HEIGHT - 1), side=st.integers(1, 300))
    def erase(self, x: int, y: int, side: int) -> None:
        x1, y1 = min(_WIDTH, x + side), min(_HEIGHT, y + side)
        most = np.iinfo(self.doc.pixels.dtype).max + 1
        rgb = self.rng.integers(0, most, (y1 - y, x1 - x, 3), dtype=self.doc.pixels.dtype)
        mask = np.zeros((_HEIGHT, _WIDTH), np.uint8)
        mask[y:y1, x:x1] = 255
        self._push(self.doc.apply_result([Patch((x, y, x1, y1), rgb)], mask))

    @precondition(lambda self: self.history.steps)
    @rule(part=st.floats(0, 1))
    def go(self, part: float) -> None:
        self.history.go_to(self.doc, round(part * len(self.history.steps)))

    @rule()
    def autosave(self) -> None:
        try:
            self.journal.update(self._snapshot())
        except LostStep:  # a budget so small that a step was gone before it was written
            self.journal.begin(self.doc.picture, None, self._snapshot(), self.doc.mask, samples=self.doc.samples)
        self.written = self._written()

    @rule()
    def crash(self) -> None:
        """What was written last is there, with all its steps; nothing written since is in the way."""
        self.journal.release()
        self.history.close()
        (lost,) = find_unsaved(self.parent)
        self._go_on(lost.restore())

    @rule()
    def save_and_open(self) -> None:
        self.autosave()
        path = self.root / "a.moebius"
        save_session(self.journal, path)
        self.journal.close()
        self.history.close()
        self._go_on(open_session(path, self.parent))
        path.unlink()

    def _go_on(self, loaded: Loaded) -> None:
        assert not loaded.note
        self.states, index = list(self.written[0]), self.written[1]
        self.doc, self.journal = loaded.document, loaded.journal
        self.history = self._history()
        self.history.restore(loaded.edits, loaded.state.done)
        assert len(self.history.steps) == len(self.states) - 1
        assert self.history.index == index
        assert self._state() == self.states[index]
        self.journal.resume(loaded.state, self.history.steps, loaded.sides)
        self.journal.update(self._snapshot())
        self.written = self._written()
        for number in (0, len(self.states) - 1, index):  # back to the first, to the last, and where it was
            self.history.go_to(self.doc, number)
            assert self._state() == self.states[number]

    @invariant()
    def follows(self) -> None:
        if hasattr(self, "doc"):
            assert self._state() == self.states[self.history.index]

    def teardown(self) -> None:
        if hasattr(self, "journal"):
            self.journal.close()
            self.history.close()
            assert not list(self.parent.iterdir())
            shutil.rmtree(self.root)


Sessions.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
TestSessions = Sessions.TestCase
