"""Undo and redo: any interleaving of edits against a history of whole copies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from numpy.typing import NDArray

from app.document.boxes import Box
from app.document.brush import Brush
from app.document.document import Document
from app.document.edits import Edit
from app.document.picture import Picture


@dataclass(frozen=True)
class Patch:
    box: Box
    rgb: NDArray[np.uint8]


_WIDTH, _HEIGHT = 290, 270  # over the edge of a tile in both directions
_xs, _ys = st.floats(-60, _WIDTH + 60), st.floats(-60, _HEIGHT + 60)
_brushes = st.builds(Brush, st.floats(1, 120), st.floats(0, 1), st.booleans())
_State = tuple[bytes, bytes]


class Editing(RuleBasedStateMachine):
    """A history kept as whole copies, next to the document's own edits."""

    @initialize(channels=st.sampled_from([3, 4]), seed=st.integers(0, 1000))
    def start(self, channels: int, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        pixels = self.rng.integers(0, 256, (_HEIGHT, _WIDTH, channels), dtype=np.uint8)
        self.doc = Document(Picture(pixels))
        self.undone: list[Edit] = []
        self.done: list[Edit] = []
        self.states = [self._state()]  # before each edit done, and now
        self.undone_states: list[_State] = []
        self.revision = self.doc.revision

    def _state(self) -> _State:
        return self.doc.pixels.tobytes(), self.doc.mask.tobytes()

    def _push(self, edit: Edit | None) -> None:
        if edit is None:
            assert self._state() == self.states[-1]
            assert self.doc.revision == self.revision
            return
        assert self._state() != self.states[-1]
        self.done.append(edit)
        self.states.append(self._state())
        self.undone.clear()
        self.undone_states.clear()
        self._revised()

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
    @rule(brush=_brushes, x=_xs, y=_ys)
    def begin(self, brush: Brush, x: float, y: float) -> None:
        before = self.doc.mask.copy()
        self._check_dirty(before, self.doc.begin_stroke(brush, x, y))

    @precondition(lambda self: self.doc.stroking)
    @rule(x=_xs, y=_ys)
    def move(self, x: float, y: float) -> None:
        before = self.doc.mask.copy()
        self._check_dirty(before, self.doc.stroke_to(x, y))

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

    @precondition(lambda self: self._idle() and self.done)
    @rule()
    def undo(self) -> None:
        edit = self.done.pop()
        edit.undo(self.doc)
        self.undone.append(edit)
        self.undone_states.append(self.states.pop())
        self._revised()

    @precondition(lambda self: self._idle() and self.undone)
    @rule()
    def redo(self) -> None:
        edit = self.undone.pop()
        edit.redo(self.doc)
        self.done.append(edit)
        self.states.append(self.undone_states.pop())
        self._revised()

    @invariant()
    def the_document_is_as_the_history_says(self) -> None:
        if self._idle():
            assert self._state() == self.states[-1]

    def teardown(self) -> None:
        if not hasattr(self, "doc"):
            return
        self.doc.cancel_stroke()
        last = self._state()
        for edit in reversed(self.done):
            edit.undo(self.doc)
        assert self._state() == self.states[0]
        for edit in self.done:
            edit.redo(self.doc)
        assert self._state() == last


TestEditing = Editing.TestCase
TestEditing.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
