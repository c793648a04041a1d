"""Importing a model on the engine's thread, where torch is; every outcome is an answer."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

from app.engine.protocol import ImportAnswer, ImportDone, ImportFailed, ImportRequest


def import_answer(request: ImportRequest, explain: Callable[[BaseException], str]) -> ImportAnswer:
    """Do what was asked; ``explain`` makes a sentence of an error."""
    try:
        from inference.hub import import_model, install_download, known_model

        known = known_model(request.known)
        source = Path(request.source)
        taken = import_model(source) if known is None else install_download(known, source)
    except MemoryError:
        sentence = "There was not enough memory to read this model. Close other programs, then try again."
        return ImportFailed(request.id, sentence, whole=True)
    except Exception as error:  # the engine must survive whatever a file does
        sentence = explain(error) if _told(error) else "The model could not be read, so it was not taken in."
        return ImportFailed(request.id, sentence, traceback.format_exc(), whole=_may_be_whole(error))
    return ImportDone(request.id, taken.name, taken.title)


def _told(error: Exception) -> bool:
    from inference.errors import InferenceError, out_of_memory

    return isinstance(error, InferenceError | ImportError) or out_of_memory(error)


def _may_be_whole(error: Exception) -> bool:
    from inference.errors import NoRoomError, out_of_memory

    return isinstance(error, NoRoomError) or out_of_memory(error)
