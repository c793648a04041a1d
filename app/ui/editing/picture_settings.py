"""Settings of one picture, not of the program: how it is looked at, and the brush used on it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.canvas.view import CanvasView
from app.document.mask import MAX_SIZE, MIN_SIZE


def of_view(view: CanvasView) -> dict[str, Any]:
    """As they are now, for JSON."""
    left, top, right, bottom = view.visible_box()
    return {
        "zoom": round(view.zoom, 6),
        "centre": [round((left + right) / 2, 2), round((top + bottom) / 2, 2)],
        "brush_size": view.brush.size,
        "brush_hardness": view.brush.hardness,
    }


def put_back(view: CanvasView, found: Mapping[str, Any]) -> None:
    """As they were; what makes no sense is left as it is."""
    size, hardness = _number(found.get("brush_size")), _number(found.get("brush_hardness"))
    if size is not None and hardness is not None and MIN_SIZE <= size <= MAX_SIZE and 0 <= hardness <= 1:
        view.set_brush(replace(view.brush, size=size, hardness=hardness))
    zoom, centre = _number(found.get("zoom")), found.get("centre")
    if zoom is None or not 0 < zoom < 1000 or not isinstance(centre, list) or len(centre) != 2:
        return
    x, y = _number(centre[0]), _number(centre[1])
    if x is not None and y is not None and max(abs(x), abs(y)) < 1e6:
        view.set_zoom(zoom)
        view.centre_on(x, y)


def _number(value: object) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if known else None  # type: ignore[arg-type]
