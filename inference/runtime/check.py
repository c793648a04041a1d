"""What looks up now and then within a long computation, whether it is to be stopped."""

from __future__ import annotations

from collections.abc import Callable

Check = Callable[[], None]  # raises to stop


def never() -> None:
    """The check of what is never stopped."""
