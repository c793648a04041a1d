"""The state of a session as JSON, checked when it is read: the picture, its steps, how many are done."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, cast

import numpy as np

from app.document.errors import DocumentError
from app.document.formats import MAX_MEGAPIXELS
from app.document.session.edit_files import Form

VERSION = 2
"""Of the format; a session of a higher one is refused."""

Shown: TypeAlias = tuple[int, int, Literal["before", "after"]]
"""A side of a part of an edit: the edit's number, the part's, and which side."""

_MOST_STEPS = 1_000_000
_LONGEST = 512  # characters of a name
_ORIGINAL = re.compile(r"original(-\d{1,12})?(\.[a-z0-9]{1,8})?")
_MARK = "moebius session"


@dataclass(frozen=True)
class StepEntry:
    """A step of the history."""

    number: int  # of the file with its edit
    name: str
    time: float  # seconds since 1970


@dataclass(frozen=True)
class State:
    """A picture with its history as it was at one moment."""

    name: str  # of the picture
    original: str  # the file with the picture as it was at first
    form: Form
    crc32: int | None  # of the original's decoded pixels
    steps: tuple[StepEntry, ...]
    done: int
    shown: tuple[Shown, ...] = ()  # laid over the original in this order they give what is there now
    settings: Mapping[str, Any] = field(default_factory=dict)
    time: float = 0.0
    # Only of what is kept on this computer:
    unsaved: bool = False
    path: str = ""  # of the picture's file
    session: str = ""  # of the session's file


def edit_name(number: int) -> str:
    """Where an edit is, below the session."""
    return f"edits/{number:06}.edit"


def to_json(state: State, program: str, *, local: bool) -> bytes:
    """The text of a manifest; ``local`` says that it stays on this computer."""
    form = state.form
    answer: dict[str, Any] = {
        "format": _MARK,
        "version": VERSION,
        "program": f"Moebius {program}".strip(),
        "saved": state.time,
        "picture": {
            "name": state.name,
            "file": state.original,
            "width": form.width,
            "height": form.height,
            "channels": form.channels,
            "dtype": form.dtype.name,
            "crc32": state.crc32,
        },
        "steps": [{"file": edit_name(step.number), "name": step.name, "time": step.time} for step in state.steps],
        "done": state.done,
        "settings": dict(state.settings),
    }
    if local:
        here = {"shown": state.shown, "unsaved": state.unsaved, "path": state.path, "session": state.session}
        answer["here"] = here
    try:
        return json.dumps(answer, indent=None if local else 1, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # a name that is no text: its bytes are written as escapes, and read as they were
        return json.dumps(answer, indent=None if local else 1).encode()


def from_json(data: bytes, title: str) -> State:
    """What a manifest says; ``title`` names its file in the sentences of a ``DocumentError``."""
    try:
        found = json.loads(data)
        if not isinstance(found, dict) or found.get("format") != _MARK:
            raise ValueError("another kind of file")
        version = found.get("version")
    except (ValueError, RecursionError) as error:
        raise damaged(title) from error
    if type(version) is int and version > VERSION:
        raise DocumentError(
            f"{title} was saved by a newer version of Moebius; install that version to open it, "
            "or save it as a picture there."
        )
    try:
        return _state(found)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise damaged(title) from error


def damaged(title: str) -> DocumentError:
    """Nothing can be made of it."""
    return DocumentError(f"{title} is damaged or incomplete and cannot be opened; try another copy of it.")


def _state(found: dict[str, Any]) -> State:
    if found["version"] not in range(1, VERSION + 1) or type(found["version"]) is not int:  # 1: no sample area
        raise ValueError("version")
    picture, here = found["picture"], found.get("here", {})
    entries = found["steps"]
    if not isinstance(entries, list) or len(entries) > _MOST_STEPS:
        raise ValueError("steps")
    steps = tuple(StepEntry(_edit_number(e["file"]), _text(e["name"]), float(e["time"])) for e in entries)
    original = _text(picture["file"])
    if not _ORIGINAL.fullmatch(original):
        raise ValueError("file")
    crc = picture.get("crc32")
    settings = found.get("settings", {})
    return State(
        name=_text(picture["name"]).replace("\\", "/").rsplit("/", 1)[-1] or "Picture",
        original=original,
        form=_form(picture),
        crc32=None if crc is None else _whole(crc, 0, 1 << 32),
        steps=steps,
        done=_whole(found["done"], 0, len(steps)),
        shown=tuple(map(_shown, here.get("shown", ()))),
        settings=settings if isinstance(settings, dict) else {},
        time=float(found.get("saved", 0.0)),
        unsaved=bool(here.get("unsaved", False)),
        path=str(here.get("path", "")),
        session=str(here.get("session", "")),
    )


def _form(picture: Mapping[str, Any]) -> Form:
    width, height = _whole(picture["width"], 1, 1 << 30), _whole(picture["height"], 1, 1 << 30)
    if width * height > MAX_MEGAPIXELS * 1_000_000 or picture["dtype"] not in ("uint8", "uint16"):
        raise ValueError("size")
    return Form(width, height, _whole(picture["channels"], 1, 8), np.dtype(picture["dtype"]))


def _shown(entry: Any) -> Shown:
    number, part, side = entry
    if side not in ("before", "after"):
        raise ValueError("side")
    return _whole(number, 0, 1 << 40), _whole(part, 0, 1 << 40), cast(Literal["before", "after"], side)


def _edit_number(name: Any) -> int:
    match = re.fullmatch(r"edits/(\d{6,12})\.edit", _text(name))
    if match is None or int(match.group(1)) == 0:  # 0 is what is shown
        raise ValueError("file")
    return int(match.group(1))


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise ValueError("text")
    return value


def _whole(value: Any, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise ValueError("number")
    return value
