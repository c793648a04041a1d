"""Random actions on a canvas, and what must be true after them. Shared by the tests and the endurance script."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from app.canvas.drawing.frame import Frame
from app.canvas.tools.base import Tool
from app.canvas.view import CanvasView
from app.document.editing.document import Document
from app.document.history.edits import Edit
from app.document.mask.brush import Brush
from app.document.pixels.boxes import Box, bounds, is_empty
from tests.canvas.input_driver import ALT, CONTROL, NONE, SHIFT, Hand, PenHand

_TOOLS = [tool for tool in Tool if tool is not Tool.SIMILAR]  # whose answer may take seconds on a large picture
_COLOURS = ("#ffcc00", "#3080ff", "#ff0000")


class Patch:
    """A result for one box."""

    def __init__(self, box: Box, rgb: NDArray[np.uint8]) -> None:
        self.box, self.rgb = box, rgb


class Actor:
    """Does one thing after the other, and keeps the edits to undo."""

    def __init__(self, view: CanvasView, document: Document, seed: int) -> None:
        self.view, self.document = view, document
        self.random = random.Random(seed)
        self.hand, self.pen = Hand(view), PenHand(view)
        self.done: list[Edit] = []
        self.undone: list[Edit] = []
        self.hole: NDArray[np.uint8] | None = None
        self.original, self.start = document.pixels.copy(), document.mask.copy()
        view.strokeFinished.connect(self.push)

    def push(self, edit: Edit) -> None:
        self.done.append(edit)
        self.undone.clear()

    def place(self) -> tuple[float, float]:
        """Somewhere on the canvas, in picture px; now and then beside the picture."""
        x0, y0, x1, y1 = self.view.visible_box()
        return self.random.uniform(x0, x1), self.random.uniform(y0, y1)

    def step(self) -> None:
        """One action of the user's, or of an erase."""
        acts = (
            *(self.stroke, self.stroke, self.stroke, self.write, self.select, self.corners, self.tool, self.brush),
            *(self.zoom, self.zoom, self.pan, self.undo, self.undo, self.redo, self.compare, self.split),
            *(self.colour, self.erase, self.preview, self.end_erase, self.resize, self.give_up),
        )
        self.random.choice(acts)()
        QApplication.processEvents()

    def stroke(self) -> None:
        keys = self.random.choice((NONE, NONE, ALT, SHIFT))
        self.hand.stroke(*(self.place() for _ in range(self.random.randint(1, 6))), keys=keys)

    def write(self) -> None:
        self.pen.stroke(*((*self.place(), self.random.uniform(0.1, 1)) for _ in range(self.random.randint(2, 6))))

    def select(self) -> None:
        tool = self.view.tool
        self.view.set_tool(self.random.choice((Tool.LASSO, Tool.RECTANGLE)))
        self.stroke()
        self.hand.key(Qt.Key.Key_Return, True)
        self.view.set_tool(tool)

    def corners(self) -> None:
        tool = self.view.tool
        self.view.set_tool(Tool.LASSO)
        for _ in range(self.random.randint(1, 5)):
            self.hand.click(*self.place())
        ends = (Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Backspace)
        self.hand.key(self.random.choice(ends), True)
        self.view.set_tool(tool)

    def tool(self) -> None:
        self.view.set_tool(self.random.choice(_TOOLS))

    def brush(self) -> None:
        soft, size = self.random.random(), self.random.uniform(1, 120)
        brush = Brush(size, soft, pressure_size=self.random.random() < 0.5)
        self.view.set_brush(replace(brush, smoothing=self.random.choice((0.0, 0.6))))

    def zoom(self) -> None:
        way = self.random.randrange(4)
        if way == 0:
            self.view.fit()
        elif way == 1:
            self.view.zoom_step(self.random.choice((-1, 1)))
        else:
            self.hand.wheel(*self.place(), self.random.uniform(-4, 4), self.random.choice((NONE, NONE, CONTROL)))

    def pan(self) -> None:
        self.view.pan(self.random.uniform(-90, 90), self.random.uniform(-90, 90))

    def undo(self) -> None:
        self.view.cancel_stroke()
        if self.done:
            edit = self.done.pop()
            self.view.refresh(edit.undo(self.document))
            self.undone.append(edit)

    def redo(self) -> None:
        self.view.cancel_stroke()
        if self.undone:
            edit = self.undone.pop()
            self.view.refresh(edit.redo(self.document))
            self.done.append(edit)

    def compare(self) -> None:
        self.hand.key(Qt.Key.Key_Tab, True)
        self.view.grab()
        self.hand.key(Qt.Key.Key_Tab, False)

    def split(self) -> None:
        self.view.set_split(not self.view.split)
        self.hand.key(self.random.choice((Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home)), True)

    def colour(self) -> None:
        self.view.set_overlay_colour(self.random.choice(_COLOURS))
        self.view.set_overlay_opacity(self.random.random())

    def erase(self) -> None:
        """An erase ends: pixels and mask change together."""
        self.view.cancel_stroke()
        box = bounds(self.document.mask, 127)
        if is_empty(box):
            return
        self.view.keep_before([box])
        shape = box[3] - box[1], box[2] - box[0], 3
        rgb = np.full(shape, self.random.randrange(256), np.uint8)
        edit = self.document.apply_result([Patch(box, rgb)], self.document.mask.copy())
        if edit is not None:
            self.push(edit)
            self.view.refresh(part.box for part in edit.parts)

    def preview(self) -> None:
        box = bounds(self.document.mask, 127)
        if self.hole is None and not is_empty(box):
            self.hole = self.document.mask.copy()
            self.view.set_hole(self.hole)
        if self.hole is not None and not is_empty(box):
            self.view.show_preview(box, np.full((box[3] - box[1], box[2] - box[0], 3), 77, np.uint8))

    def end_erase(self) -> None:
        self.hole = None
        self.view.set_hole(None)

    def resize(self) -> None:
        self.view.resize(self.random.randint(300, 600), self.random.randint(250, 500))

    def give_up(self) -> None:
        self.hand.press(*self.place())
        self.hand.move(*self.place())
        self.hand.key(Qt.Key.Key_Escape, True)
        self.hand.release(*self.place())

    # -- what must be true -----------------------------------------------------------------

    def waiting(self) -> bool:
        """Whether blocks of the pyramids are still to come."""
        return not self.view._loader.idle

    def check_frame(self) -> None:
        """What is shown is what drawing everything anew shows; to be called when nothing is waited for."""
        view, frame = self.view, Frame()
        view._frame.flush(view._layers, view._view)
        frame.resize(view._view.width, view._view.height)
        frame.dash, frame._phase = view._frame.dash, view._frame._phase
        frame.flush(view._layers, view._view)
        different = np.abs(frame.pixels.astype(int) - view._frame.pixels).max(axis=2) > 3
        # A pixel of the outline may fall to either side where rounding decides.
        assert different.mean() < 0.002, f"{different.sum()} pixels differ"

    def check_bytes(self) -> None:
        """Undoing everything gives picture and mask as they were at the start; redoing it, what there was."""
        self.view.cancel_stroke()
        pixels, mask = self.document.pixels.copy(), self.document.mask.copy()
        for edit in reversed(self.done):
            edit.undo(self.document)
        assert np.array_equal(self.document.pixels, self.original)
        assert np.array_equal(self.document.mask, self.start)
        for edit in self.done:
            edit.redo(self.document)
        assert np.array_equal(self.document.pixels, pixels)
        assert np.array_equal(self.document.mask, mask)

    def forget(self) -> None:
        """Let the edits go: from now on the start is what there is now."""
        self.original, self.start = self.document.pixels.copy(), self.document.mask.copy()
        self.done.clear()
        self.undone.clear()
