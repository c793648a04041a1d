"""One picture: from the bytes of a file and of its mask to the bytes of the result, in the same format."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.batch.options import Options
from app.document.editing import compositing, model_view
from app.document.errors import DocumentError
from app.document.formats import (
    KINDS,
    SAVE_FORMATS,
    encode_picture,
    read_mask_file,
    read_mask_with_notes,
    read_picture_data,
    told_by_saving,
)
from app.document.notes import sentences
from app.document.pixels import Picture

if TYPE_CHECKING:
    from inference import ErasePipeline

OnStep = Callable[[int, int, Any], None]


@dataclass(frozen=True)
class Task:
    """A picture with its mask, to be worked on here or elsewhere."""

    name: str
    picture: bytes = field(repr=False)
    mask_name: str
    mask: bytes = field(repr=False)


@dataclass(frozen=True)
class Made:
    """What came of a task: the bytes of a file, or a sentence on why there are none."""

    data: bytes = field(default=b"", repr=False)
    failure: str = ""
    note: str = ""
    seconds: float = 0.0


def make(
    task: Task,
    options: Options,
    pipeline: ErasePipeline,
    on_step: OnStep | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Made:
    """Do a task; every failure is an answer. Raises :class:`inference.errors.Cancelled` only."""
    from inference.errors import Cancelled

    start = time.perf_counter()
    try:
        data, note = _made(task, options, pipeline, on_step, cancelled)
    except Cancelled:
        raise
    except Exception as error:  # the rest of the pictures must not suffer
        return Made(failure=explained(error), seconds=time.perf_counter() - start)
    return Made(data, note=note, seconds=time.perf_counter() - start)


def _made(
    task: Task,
    options: Options,
    pipeline: ErasePipeline,
    on_step: OnStep | None,
    cancelled: Callable[[], bool] | None,
) -> tuple[bytes, str]:
    name, mask_name = (path.rpartition("/")[2] for path in (task.name, task.mask_name))
    picture = read_picture_data(task.picture, name)
    if picture.format not in SAVE_FORMATS:  # before the work, not after it
        title = KINDS[picture.format].title
        raise DocumentError(f'"{name}" can be read but not written: there is no way to write {title} here. Convert it.')
    if options.resize_masks:
        file = read_mask_file(task.mask, picture.size, mask_name, orientation=picture.orientation)
        mask, told = file.mask, file.note
    else:
        found = read_mask_with_notes(task.mask, picture.size, orientation=picture.orientation, name=mask_name)
        mask, told = found.values, sentences(found.notes)
    erase(picture, mask, pipeline, options, on_step, cancelled)
    data = encode_picture(picture, picture.format, name, quality=options.quality, original=task.picture)
    return data, f"{told_by_saving(picture, name, picture.format)} {told}".strip()


def erase(
    picture: Picture,
    mask: NDArray[np.uint8],
    pipeline: ErasePipeline,
    options: Options,
    on_step: OnStep | None = None,
    cancelled: Callable[[], bool] | None = None,
    source: NDArray[np.uint8] | None = None,
) -> int:
    """Erase what ``mask`` covers from ``picture``, in place; how many places that were.

    ``mask`` (H, W): above 0 erase, soft ones by their values; 1 is all where there is nothing above. ``source``
    (H, W): where the fill may copy from, above 127, None: everywhere. Raises what
    :meth:`inference.ErasePipeline.erase_parts` does.
    """
    options = options.resolved(pipeline.folder)
    mask, source = _levels(mask), None if source is None else _levels(source)
    rgb, source = model_view(picture, mask, source)
    parts = pipeline.erase_parts(
        rgb,
        mask,
        **options.of_model,
        seed=options.seed,
        sixteen_bit=compositing.needs_sixteen_bits(picture),
        source=source,
        on_step=on_step,
        cancelled=cancelled,
    )
    compositing.put_in(picture, parts, mask)
    return len(parts)


def _levels(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A mask of 0 and 1, as arrays of truth values are often saved, made one of 0 and 255."""
    return mask * np.uint8(255) if mask.max() == 1 else mask


def explained(error: BaseException) -> str:
    """An error as a sentence on one line."""
    from inference.errors import InferenceError, out_of_memory

    if isinstance(error, DocumentError | InferenceError):
        return " ".join(str(error).split())
    if out_of_memory(error):
        return "There was not enough memory for this picture; close other programs, or try --context 256."
    kind = type(error).__name__
    return " ".join(f"The program met an error it does not know ({kind}: {error}); please report it.".split())
