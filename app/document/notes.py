"""Notes: what was found in a file beside its pixels and could not be kept, or was mended, by kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class About(StrEnum):
    """What a note is about."""

    PAGES = "pages"  # further pages, frames or pictures of the file
    CHANNELS = "channels"  # spot colours and other channels that are neither colour nor alpha
    DEPTH = "depth"  # bits per channel, floating point, 1-bit scans
    COLOURS = "colours"  # CMYK, LAB, colour signalling, transfer curves
    PROFILE = "profile"
    ALPHA = "alpha"
    METADATA = "metadata"  # EXIF, XMP, IPTC, texts
    GAIN_MAP = "gain map"  # of an HDR photo
    CLIP = "clip"  # of a motion photo
    DAMAGE = "damage"  # pixels that are missing, check sums that are wrong
    RAW = "raw"  # sensor data, developed
    FORMAT = "format"  # what the file is, and what it can be written as
    MASK = "mask"  # how a mask was understood
    PRIVACY = "privacy"  # copies of the picture elsewhere in the file


@dataclass(frozen=True)
class Note:
    """One thing to be told of a file that was opened, or of one that is to be written."""

    about: About
    text: str  # a whole sentence, with its full stop
    lost: bool = False  # whether a file written in the place of the one that was read lacks it


def sentences(notes: Iterable[Note]) -> str:
    """The notes as one text, each sentence once, in their order; empty where there are none."""
    return " ".join(dict.fromkeys(note.text for note in notes))


def losses(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Those of what is gone once the file is written over: to be asked about before."""
    return tuple(note for note in notes if note.lost)
