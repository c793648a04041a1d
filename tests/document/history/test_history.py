"""Undo and redo: any interleaving of edits and budgets against a history of whole copies."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from numpy.typing import NDArray

from app.document.editing.document import Document
from app.document.history.edits import Edit
from app.document.history.history import History
from app.document.mask.brush import Brush
from app.document.pixels.boxes import Box
from app.document.pixels.picture import Picture
from tests.document.patches import Patch

_WIDTH, _HEIGHT = 290, 270  # over the edge of a tile in both directions
_xs, _ys = st.floats(-60, _WIDTH + 60), st.floats(-60, _HEIGHT + 60)
_brushes = st.builds(
    Brush,
    st.floats(1, 120),
    st.floats(0, 1),
    st.booleans(),
    st.sampled_from([0.0, 0.0, 0.7]),
    st.sampled_from([0.0, 0.0, 0.6]),
    st.booleans(),
    st.booleans(),
)
_pressures = st.floats(0, 1)
_State = tuple[bytes, bytes]


class Editing(RuleBasedStateMachine):
    """A history kept as whole copies, next to the document's own edits."""

    @initialize(
        channels=st.sampled_from([3, 4]),
        seed=st.integers(0, 1000),
        budget=st.sampled_from([0, 3_000, 100_000, 10**9]),
        disk_budget=st.sampled_from([0, 50_000, 10**9]),
    )
    def start(self, channels: int, seed: int, budget: int, disk_budget: int) -> None:
        self.rng = np.random.default_rng(seed)
        pixels = self.rng.integers(0, 256, (_HEIGHT, _WIDTH, channels), dtype=np.uint8)
        self.doc = Document(Picture(pixels))
        self.folder = Path(tempfile.mkdtemp())
        self.history = History(budget=budget, disk_budget=disk_budget, folder=self.folder)
        self.states = [self._state()]  # before each step that is left, and after the last
        self.revision = self.doc.revision

    def _state(self) -> _State:
        return self.doc.pixels.tobytes(), self.doc.mask.tobytes()

    def _push(self, edit: Edit | None) -> None:
        if edit is None:
            assert self._state() == self._now()
            assert self.doc.revision == self.revision
            return
        assert self._state() != self._now()
        assert all(self.doc.mask[y0:y1, x0:x1].size for x0, y0, x1, y1 in (part.box for part in edit.parts))
        del self.states[self.history.index + 1 :]
        self.states.append(self._state())
        self.history.push(edit)
        self._shorten()
        self._revised()

    def _now(self) -> _State:
        return self.states[self.history.index]

    def _shorten(self) -> None:
        """Follow what the history has forgotten at its beginning."""
        del self.states[: len(self.states) - 1 - len(self.history.steps)]

    def _revised(self) -> None:
        assert self.doc.revision != self.revision
        self.revision = self.doc.revision

    def _idle(self) -> bool:
        return not self.doc.stroking

    def _check_dirty(self, before: NDArray[np.uint8], box: Box) -> None:
        changed = before != self.doc.mask
        changed[box[1] : box[3], box[0] : box[2]] = False
        assert not changed.any()

    @precondition(_idle)
    @rule(brush=_brushes, x=_xs, y=_ys, pressure=_pressures)
    def begin(self, brush: Brush, x: float, y: float, pressure: float) -> None:
        before = self.doc.mask.copy()
        self._check_dirty(before, self.doc.begin_stroke(brush, x, y, pressure))

    @precondition(lambda self: self.doc.stroking)
    @rule(x=_xs, y=_ys, pressure=_pressures)
    def move(self, x: float, y: float, pressure: float) -> None:
        before = self.doc.mask.copy()
        self._check_dirty(before, self.doc.stroke_to(x, y, pressure))

    @precondition(lambda self: self.doc.stroking)
    @rule()
    def end(self) -> None:
        self._push(self.doc.end_stroke())

    @precondition(lambda self: self.doc.stroking)
    @rule()
    def cancel(self) -> None:
        before = self.doc.mask.copy()
        self._check_dirty(before, self.doc.cancel_stroke())

    @precondition(_idle)
    @rule()
    def clear(self) -> None:
        self._push(self.doc.clear_mask())
        assert not self.doc.mask.any()

    @precondition(_idle)
    @rule()
    def invert(self) -> None:
        before = self.doc.mask.copy()
        self._push(self.doc.invert_mask())
        np.testing.assert_array_equal(self.doc.mask, 255 - before)

    @precondition(_idle)
    @rule(
        boxes=st.lists(
            st.tuples(
                st.integers(0, _WIDTH - 1),
                st.integers(0, _HEIGHT - 1),
                st.integers(1, 80),
                st.integers(1, 80),
            ),
            max_size=3,
        )
    )
    def result(self, boxes: list[tuple[int, int, int, int]]) -> None:
        patches = []
        for x, y, w, h in boxes:
            box = (x, y, min(x + w, _WIDTH), min(y + h, _HEIGHT))
            shape = (box[3] - box[1], box[2] - box[0], 3)
            patches.append(Patch(box, self.rng.integers(0, 256, shape, dtype=np.uint8)))
        self._push(self.doc.apply_result(patches, self.doc.mask.copy()))
        assert not self.doc.mask.any()

    @precondition(_idle)
    @rule(corners=st.lists(st.tuples(_xs, _ys), min_size=3, max_size=6), subtract=st.booleans())
    def lasso(self, corners: list[tuple[float, float]], subtract: bool) -> None:
        self._push(self.doc.fill_polygon(corners, subtract))

    @precondition(_idle)
    @rule(x=_xs, y=_ys, w=st.integers(1, 200), h=st.integers(1, 200), subtract=st.booleans())
    def rectangle(self, x: float, y: float, w: int, h: int, subtract: bool) -> None:
        self._push(self.doc.fill_box((int(x), int(y), int(x) + w, int(y) + h), subtract))

    @precondition(_idle)
    @rule(px=st.integers(1, 30), how=st.sampled_from(["grow_mask", "shrink_mask", "feather_mask"]))
    def edge(self, px: int, how: str) -> None:
        self._push(getattr(self.doc, how)(px))

    @precondition(_idle)
    @rule(x=_xs, y=_ys, tolerance=st.integers(0, 255), contiguous=st.booleans(), subtract=st.booleans())
    def similar(self, x: float, y: float, tolerance: int, contiguous: bool, subtract: bool) -> None:
        self._push(self.doc.select_similar(x, y, tolerance, contiguous, subtract))

    @precondition(_idle)
    @rule(how=st.sampled_from(["replace", "add", "subtract"]), level=st.integers(0, 255))
    def take_mask(self, how: Any, level: int) -> None:
        self._push(self.doc.set_mask(np.roll(np.minimum(self.doc.mask, level), 40, axis=1), how))

    @precondition(_idle)
    @rule()
    def fill(self) -> None:
        self._push(self.doc.fill_mask())

    @precondition(lambda self: self._idle() and self.history.index > 0)
    @rule()
    def undo(self) -> None:
        self.history.undo(self.doc)
        self._revised()

    @precondition(lambda self: self._idle() and self.history.index < len(self.history.steps))
    @rule()
    def redo(self) -> None:
        self.history.redo(self.doc)
        self._revised()

    @precondition(_idle)
    @rule(share=st.floats(0, 1))
    def go_to(self, share: float) -> None:
        self.history.go_to(self.doc, round(share * len(self.history.steps)))
        self.revision = self.doc.revision

    @rule(budget=st.sampled_from([0, 3_000, 100_000, 10**9]), disk_budget=st.sampled_from([0, 50_000, 10**9]))
    def allow(self, budget: int, disk_budget: int) -> None:
        self.history.budget = budget
        self.history.disk_budget = disk_budget
        self._shorten()

    @invariant()
    def the_document_is_as_the_history_says(self) -> None:
        if self._idle():
            assert self._state() == self._now()

    @invariant()
    def files_are_those_of_steps(self) -> None:
        files = {path.resolve() for path in self.folder.rglob("*.step")}
        assert files == {step.path.resolve() for step in self.history.steps if step.path is not None}
        assert not any(step.on_disk for step in self.history.steps[-1:])

    def teardown(self) -> None:
        if not hasattr(self, "doc"):
            return
        self.doc.cancel_stroke()
        now = self.history.index
        for index in (0, len(self.history.steps), now):
            self.history.go_to(self.doc, index)
            assert self._state() == self._now()
        self.history.clear()
        assert list(self.folder.iterdir()) == []
        shutil.rmtree(self.folder)


TestEditing = Editing.TestCase
TestEditing.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
