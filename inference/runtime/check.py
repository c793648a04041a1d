"""What looks up now and then within a long computation, whether it is to be stopped."""

from __future__ import annotations

from collections.abc import Callable

from inference.errors import Cancelled

Check = Callable[[], None]  # raises to stop


def never() -> None:
    """The check of what is never stopped."""


def both(first: Check, second: Check) -> Check:
    """A check that makes two."""

    def check() -> None:
        first()
        second()

    return check


def stopped_by(cancelled: Callable[[], bool] | None) -> Check:
    """A check that raises :class:`Cancelled` once ``cancelled()`` is true."""

    def check() -> None:
        if cancelled is not None and cancelled():
            raise Cancelled

    return check
