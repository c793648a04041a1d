"""What is painted: brush, strokes, shapes, and growing, shrinking and softening them."""

from __future__ import annotations

from app.document.mask import morphology
from app.document.mask.brush import MAX_SIZE, MIN_SIZE, Brush, blend, default_brush_size
from app.document.mask.objects import brushed_over, framed, object_in, snapped
from app.document.mask.polygons import polygon_coverage
from app.document.mask.segments import Outlines, Segment, segment_of, stroke_segment
from app.document.mask.similar_colours import similar_coverage
from app.document.mask.strokes import Coverage, StrokePath

__all__ = [
    "MAX_SIZE",
    "MIN_SIZE",
    "Brush",
    "Coverage",
    "Outlines",
    "Segment",
    "StrokePath",
    "blend",
    "brushed_over",
    "default_brush_size",
    "framed",
    "morphology",
    "object_in",
    "polygon_coverage",
    "segment_of",
    "similar_coverage",
    "snapped",
    "stroke_segment",
]
