"""Sessions: a document and its history on disk, while it is edited and as a file."""

from __future__ import annotations

from app.document.session.file import SUFFIX, is_session, open_session, save_session
from app.document.session.folder import Folder, folders
from app.document.session.journal import Journal, LostStep, Snapshot
from app.document.session.load import Loaded
from app.document.session.unsaved_sessions import EXPIRE_DAYS, UnsavedSession, find_unsaved

__all__ = [
    "EXPIRE_DAYS",
    "SUFFIX",
    "Folder",
    "Journal",
    "Loaded",
    "LostStep",
    "Snapshot",
    "UnsavedSession",
    "find_unsaved",
    "folders",
    "is_session",
    "open_session",
    "save_session",
]
