"""From a picture to the pixels of the screen."""

from __future__ import annotations

from app.canvas.drawing.block_loader import Loader
from app.canvas.drawing.cursor import CursorRing, tool_cursor
from app.canvas.drawing.frame import Frame
from app.canvas.drawing.images import share_frame, thumbnail, to_array, to_qimage
from app.canvas.drawing.layers import CanvasLayers
from app.canvas.drawing.pyramid import Pyramid, srgb_converter
from app.canvas.drawing.selection_overlay import draw_areas, draw_band, draw_stroke
from app.canvas.drawing.source_cross import SourceCross
from app.canvas.drawing.split_handle import SplitHandle
from app.canvas.drawing.viewport import Viewport

__all__ = [
    "CanvasLayers",
    "CursorRing",
    "Frame",
    "Loader",
    "Pyramid",
    "SourceCross",
    "SplitHandle",
    "Viewport",
    "draw_areas",
    "draw_band",
    "draw_stroke",
    "share_frame",
    "srgb_converter",
    "thumbnail",
    "to_array",
    "to_qimage",
    "tool_cursor",
]
