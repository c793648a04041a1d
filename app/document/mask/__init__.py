"""What is painted: brush, strokes, shapes, and growing, shrinking and softening them."""

from __future__ import annotations

from app.document.mask import morphology
from app.document.mask.brush import MAX_SIZE, MIN_SIZE, Brush, blend, default_brush_size, largest_brush_size
from app.document.mask.growth import FARTHEST, grow_towards
from app.document.mask.live_wire import LiveWire, line_segment
from app.document.mask.objects import brushed_over, framed, object_in, object_of_logits, snapped
from app.document.mask.polygons import polygon_coverage
from app.document.mask.segments import Outlines, Segment, segment_of, stroke_segment
from app.document.mask.similar_colours import similar_coverage
from app.document.mask.specks import find_specks
from app.document.mask.strokes import Coverage, StrokePath
from app.document.mask.wires import find_wires

__all__ = [
    "FARTHEST",
    "MAX_SIZE",
    "MIN_SIZE",
    "Brush",
    "Coverage",
    "LiveWire",
    "Outlines",
    "Segment",
    "StrokePath",
    "blend",
    "brushed_over",
    "default_brush_size",
    "find_specks",
    "find_wires",
    "framed",
    "grow_towards",
    "largest_brush_size",
    "line_segment",
    "morphology",
    "object_in",
    "object_of_logits",
    "polygon_coverage",
    "segment_of",
    "similar_coverage",
    "snapped",
    "stroke_segment",
]
