"""Exclusive access: reading the document while nobody edits it, on another thread where that can be held off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from app.document.editing import Document

Prepare: TypeAlias = Callable[
    [Document, str, Callable[[], Any], Callable[[Any], None], Callable[[Exception], None]], None
]
"""Takes a document, what to call the work, the work, who gets its answer, and who hears of its failure."""


def at_once(
    _document: Document,
    _name: str,
    work: Callable[[], Any],
    done: Callable[[Any], None],
    failed: Callable[[Exception], None],
) -> None:
    """Do the work here and now."""
    try:
        answer = work()
    except Exception as error:
        failed(error)
    else:
        done(answer)
