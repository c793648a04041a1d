"""``DocumentError``, whose text the user gets to read."""

from __future__ import annotations


class DocumentError(Exception):
    """A file could not be read or written; its text is one sentence an artist can act on."""
