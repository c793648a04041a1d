"""The errors of this package, each with a sentence that can be shown to a user."""

from __future__ import annotations


class InferenceError(Exception):
    """Base class; ``str(error)`` is a sentence a user can act on."""


class ModelError(InferenceError):
    """A model is missing, damaged or not the expected one."""


class NoRoomError(ModelError):
    """A model could not be kept because the disk is full; nothing is wrong with it."""


class NotFiniteError(ModelError):
    """A model's values are not finite: its weights are damaged, or they outgrow the precision."""


class InputError(InferenceError):
    """The picture or the mask can't be used."""


class Cancelled(Exception):
    """Raise from ``on_step`` to stop an erase; it leaves ``erase`` unchanged."""


def out_of_memory(error: BaseException) -> bool:
    """Whether Python, NumPy, OpenCV or torch says, each in its own way, that memory ran out."""
    text = str(error).lower().replace(" ", "")
    signs = ("outofmemory", "allocatememory", "failedtoallocate")
    return isinstance(error, MemoryError) or any(sign in text for sign in signs)
