"""From a picture to the pixels of the screen."""

from __future__ import annotations

from app.canvas.drawing.block_loader import Loader
from app.canvas.drawing.cursor import CursorRing, tool_cursor
from app.canvas.drawing.frame import Frame
from app.canvas.drawing.images import share_frame, thumbnail, to_array, to_qimage
from app.canvas.drawing.layers import Scene
from app.canvas.drawing.pyramid import Pyramid, see_of
from app.canvas.drawing.selection_overlay import draw_areas, draw_band, draw_stroke
from app.canvas.drawing.source_cross import SourceCross
from app.canvas.drawing.split_handle import SplitHandle
from app.canvas.drawing.viewport import Viewport

__all__ = [
    "CursorRing",
    "Frame",
    "Loader",
    "Pyramid",
    "Scene",
    "SourceCross",
    "SplitHandle",
    "Viewport",
    "draw_areas",
    "draw_band",
    "draw_stroke",
    "see_of",
    "share_frame",
    "thumbnail",
    "to_array",
    "to_qimage",
    "tool_cursor",
]
