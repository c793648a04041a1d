"""The record of what a file held and what could not be kept."""

from __future__ import annotations

from app.document.notes import About, Note, losses, sentences


def test_notes_are_told_once_and_losses_apart() -> None:
    pages = Note(About.PAGES, "Only the first of its 5 pages was opened.", lost=True)
    crc = Note(About.DAMAGE, "A check sum in it is wrong.")
    assert sentences([pages, crc, pages]) == "Only the first of its 5 pages was opened. A check sum in it is wrong."
    assert sentences([]) == ""
    assert losses([crc, pages]) == (pages,)
