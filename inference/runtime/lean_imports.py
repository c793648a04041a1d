"""Libraries imported without what they look for but this program has no use for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Within this context the modules ``names`` can't be imported, as if they were not installed.

    Modules that are imported already stay as they are, and those kept out can be imported afterwards.
    """
    modules: dict[str, Any] = sys.modules  # None in the place of a module is how Python is told so
    hidden = [name for name in names if name not in modules]
    modules.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for name in hidden:
            if modules.get(name, name) is None:
                del modules[name]
