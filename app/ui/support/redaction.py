"""Redaction: taking out of a text what says whose computer it is and which pictures are on it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import app

_ENDINGS = "avif|bmp|gif|heic|heif|jfif|jpe|jpeg|jpg|moebius|npy|png|psd|tif|tiff|webp"
_QUOTED = re.compile(rf"""(["'“])[^"'”\n]*\.(?:{_ENDINGS})(["'”])""", re.IGNORECASE)
_PLAIN = re.compile(rf"[^\s\"'/\\]+\.(?:{_ENDINGS})\b", re.IGNORECASE)
_PATH = re.compile(r"(?<![\w.<>~])(?:~|/|[A-Za-z]:\\)[^\s\"':;,)]*[/\\][^\s\"':;,)]*")
_QUOTED_PATH = re.compile(r"""(["'])(?:~|/|[A-Za-z]:\\)[^"'\n]*\1""")
_FRAME = re.compile(r'^\s*File "')


def redact(text: str) -> str:
    """The text without names of pictures, folders and users; lines that say where in the code it was are kept."""
    return "\n".join(_line(line) for line in text.split("\n"))


def _line(line: str) -> str:
    for known, name in _KNOWN:
        line = line.replace(known, name)
    if _FRAME.match(line):
        return line.replace(str(Path.home()), "~")
    line = _QUOTED.sub(r"\1(a picture)\2", line)
    line = _QUOTED_PATH.sub(r"\1(a path)\1", line)
    line = _PATH.sub("(a path)", line)
    return _PLAIN.sub("(a picture)", line)


_KNOWN = (
    (str(Path(app.__file__).resolve().parents[1]), "<program>"),
    (sys.prefix, "<python>"),
    (sys.base_prefix, "<python>"),
)
