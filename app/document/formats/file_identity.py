"""What a file is known by beside its content: rights, owner, group, extended attributes, further names."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def taken_over(old: Path, new: Path) -> bool:
    """Give ``new`` all that ``old`` is known by; False where that cannot be, as for a file of several names.

    Rights that the file's system does not keep are none that could be lost.
    """
    try:
        was = old.stat()
    except OSError:
        return True  # gone meanwhile
    if was.st_nlink > 1:
        return False
    if hasattr(os, "chown"):
        now = new.stat()
        if (was.st_uid, was.st_gid) != (now.st_uid, now.st_gid):
            try:
                os.chown(new, was.st_uid, was.st_gid)
            except OSError:
                return False
    with contextlib.suppress(OSError):
        new.chmod(was.st_mode & 0o7777)
    return _attributes(old, new)


def _attributes(old: Path, new: Path) -> bool:
    """Copy extended attributes, on systems that tell of them; False where one cannot be."""
    if not hasattr(os, "listxattr"):
        return True
    try:
        names = os.listxattr(old)
    except OSError:
        return True  # there are none on such a disk
    for name in names:
        try:
            value = os.getxattr(old, name)
            if name not in os.listxattr(new) or os.getxattr(new, name) != value:
                os.setxattr(new, name, value)
        except OSError:
            return False
    return True
