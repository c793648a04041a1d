"""Fuzzy search: finding commands by some of their letters."""

from __future__ import annotations


def score(query: str, text: str) -> int | None:
    """How well ``text`` answers ``query``, larger is better; None where its letters are not there in order.

    Every word of the query is looked for by itself, so that their order does not matter. Letters
    that follow each other or begin a word count more.
    """
    total = 0
    for word in query.lower().split():
        found = _word(word, text.lower())
        if found is None:
            return None
        total += found
    return total


def _word(word: str, text: str) -> int | None:
    best: int | None = None
    start = text.find(word[0])
    while start >= 0:
        found = _from(word, text, start)
        if found is not None and (best is None or found > best):
            best = found
        start = text.find(word[0], start + 1)
    return best


def _from(word: str, text: str, start: int) -> int | None:
    points, at = 0, start - 1
    for letter in word:
        place = text.find(letter, at + 1)
        if place < 0:
            return None
        begins = place == 0 or not text[place - 1].isalnum()
        points += 1 + (3 if begins else 0) + (4 if place == at + 1 and place > start else 0)
        points -= min(place - at - 1, 3) if place > start else 0
        at = place
    return points - min(start // 8, 3)
