"""The content of a document: picture and mask, and edits made of changes to them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from app.document.history import Edit, Recorder
from app.document.mask import blend
from app.document.pixels import Box, Picture, Pixels, crop, zeros

_BAND = 64  # rows looked at at once


class DocumentContent:
    """A picture and a mask of its size, changed through edits only. Not thread-safe."""

    def __init__(self, picture: Picture) -> None:
        """``picture`` becomes the content's own: its pixels are changed in place."""
        if not (picture.pixels.flags.writeable and picture.pixels.flags.c_contiguous):
            picture.pixels = np.array(picture.pixels, order="C")
        self.picture = picture
        self._mask: NDArray[np.uint8] = zeros((picture.height, picture.width))
        self._samples: NDArray[np.uint8] | None = None
        self._revision = 0
        self.changing = False  # an edit is being made or undone part by part: some are in already, others not yet
        self._masked_row = 0  # first of the rows that something masked was found in

    @property
    def pixels(self) -> Pixels:
        """The picture's array, (H, W, 3) or (H, W, 4); read it, do not write to it."""
        return self.picture.pixels

    @property
    def mask(self) -> NDArray[np.uint8]:
        """What to erase, (H, W): 0 keep to 255 erase; read it, do not write to it."""
        return self._mask

    @property
    def samples(self) -> NDArray[np.uint8]:
        """Marks of where a fill may copy from, (H, W) of ``Mark``; read it, do not write to it."""
        if self._samples is None:
            self._samples = zeros((self.picture.height, self.picture.width))
        return self._samples

    @property
    def has_samples(self) -> bool:
        """Whether there ever was a mark: where not, nothing is held for them."""
        return self._samples is not None

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.picture.size

    @property
    def revision(self) -> int:
        """A number that changes with every edit, undo and redo."""
        return self._revision

    @property
    def stroking(self) -> bool:
        """Whether a stroke is being painted."""
        return False

    def mark_changed(self) -> None:
        """Note that pixels or mask changed; edits call it when they are undone or redone.

        Raises ``RuntimeError`` during a stroke: history and stroke would overwrite each other.
        """
        self._require_no_stroke()
        self._revision += 1

    @property
    def masked(self) -> bool:
        """Whether anything is masked (above 0); looks no farther than the first rows that are."""
        kept = self._mask[self._masked_row : self._masked_row + _BAND]
        if kept.max() > 0:  # where it was found the last time
            return True
        for row in range(0, self._mask.shape[0], _BAND):
            if self._mask[row : row + _BAND].max() > 0:
                self._masked_row = row
                return True
        return False

    def _lay(self, name: str, coverage: Iterable[tuple[Box, NDArray[np.uint8]]], subtract: bool) -> Edit | None:
        """One edit that lays coverage on the mask as a brush does: the larger counts, or what it leaves."""
        recorder = Recorder("mask", self._mask)
        for box, piece in coverage:
            recorder.touch(box)
            blend(crop(self._mask, box), piece, subtract)
        return self._edit(name, recorder)

    def _write(self, name: str, content: Iterable[tuple[Box, NDArray[np.uint8]]]) -> Edit | None:
        """One edit that puts new mask content in place of the old."""
        recorder = Recorder("mask", self._mask)
        for box, piece in content:
            view = crop(self._mask, box)
            if not np.array_equal(view, piece):
                recorder.touch(box)
                view[...] = piece
        return self._edit(name, recorder)

    def _edit(self, name: str, *recorders: Recorder) -> Edit | None:
        parts = tuple(part for recorder in recorders for part in recorder.parts())
        if not parts:
            return None
        self._revision += 1
        return Edit(name, parts)

    def _require_no_stroke(self) -> None:
        if self.stroking:
            raise RuntimeError("a stroke is being painted")
