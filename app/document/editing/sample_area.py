"""The sample area: marks that say where a fill may copy from, and where never."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from app.document.editing.content import DocumentContent
from app.document.history import TILE, Edit, Recorder
from app.document.pixels import bounds, crop, is_empty, pieces


class Mark(IntEnum):
    """What a pixel of the sample area says."""

    NONE = 0
    NEVER = 1
    FROM = 2


class SampleArea(DocumentContent):
    """Changes of the marks as one edit each; None where nothing changed. All raise ``RuntimeError`` during a stroke."""

    def mark_masked(self, mark: Mark) -> Edit | None:
        """Mark what is masked (above 127), and take the mask away."""
        self._require_no_stroke()
        marks, mask = Recorder("samples", self.samples), Recorder("mask", self.mask)
        for tile in pieces(bounds(self.mask), TILE):
            masked = crop(self.mask, tile)
            if masked.any():
                marks.touch(tile)
                mask.touch(tile)
                crop(self.samples, tile)[masked > 127] = mark
                masked[...] = 0
        return self._edit("Sample area" if mark is Mark.FROM else "Area never copied", marks, mask)

    def clear_samples(self) -> Edit | None:
        """Take all marks away."""
        self._require_no_stroke()
        if not self.has_samples:
            return None
        recorder = Recorder("samples", self.samples)
        for tile in pieces(bounds(self.samples), TILE):
            if crop(self.samples, tile).any():
                recorder.touch(tile)
                crop(self.samples, tile)[...] = Mark.NONE
        return self._edit("Clear sample area", recorder)

    def sample_source(self) -> NDArray[np.uint8] | None:
        """Where a fill may copy from, (H, W), 255 or 0; None where nothing is marked.

        With places to copy from marked it is those, else all but what is never to be copied. Looks at every
        pixel: on any thread while nobody edits.
        """
        if not self.has_samples or is_empty(bounds(self.samples)):
            return None
        chosen = self.samples == Mark.FROM
        allowed = chosen if chosen.any() else self.samples != Mark.NEVER
        return np.asarray(allowed, np.uint8) * np.uint8(255)
