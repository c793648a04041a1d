"""The error of a batch that cannot be begun or go on."""

from __future__ import annotations


class BatchError(Exception):
    """Its text is a sentence a user can act on."""
