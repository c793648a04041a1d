"""What a press begins, by the tool it was meant for."""

from __future__ import annotations

from app.canvas.tools.base import Drag, Press, StrokeDrag, Surface, Tool, brush_for
from app.canvas.tools.line import LineDrag
from app.canvas.tools.object_selection import ObjectDrag
from app.canvas.tools.selection import LassoDrag, RectangleDrag
from app.document.editing import Document, Selections
from app.document.history import Edit
from app.document.pixels import Point


def begin(surface: Surface, document: Document, press: Press, last: Point | None) -> Drag | None:
    """The drag a press begins; None where the press was all. ``last``: where the stroke before ended, in picture px."""
    pointer = press.pointer
    if press.tool is Tool.LASSO:
        return LassoDrag(surface, document, pointer)
    if press.tool is Tool.RECTANGLE:
        return RectangleDrag(surface, document, pointer)
    if press.tool is Tool.OBJECT:
        return ObjectDrag(surface, document, press.brush.size, pointer)
    if press.tool is Tool.LINE:
        return LineDrag(surface, document, pointer)
    if press.tool is Tool.SIMILAR:
        _select_similar(surface, document, press)
        return None
    brush = brush_for(press.tool, press.brush, pointer.alt != pointer.eraser)
    mark = press.mark if press.tool is Tool.SAMPLE else None
    return StrokeDrag(surface, document, brush, pointer, last if pointer.shift else None, mark)


def _select_similar(surface: Surface, document: Document, press: Press) -> None:
    (x, y), width, height = press.pointer.picture, *document.size
    contiguous = press.contiguous and not press.pointer.shift

    def change(mask: Selections) -> Edit | None:
        return mask.select_similar(x, y, press.tolerance, contiguous, press.pointer.alt)

    surface.select("Selecting similar colours", width * height, change)
