"""The list that ``moebius models`` prints."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.engine.downloads import CATALOGUE, Installed, KnownModel, Survey
from app.engine.formatting import size_text


def as_text(found: Survey, folder: Path) -> Iterator[str]:
    """Lines for people."""
    yield "Installed:"
    for model in found.installed:
        yield from _entry(model.name, (size_text(model.size), model.licence, model.source), model.note)
        if model.fault:
            yield f"      It can't be used: {model.fault}"
    if found.begun:
        yield "\nBegun (moebius models download NAME goes on, moebius models remove NAME gives it up):"
    for begun in found.begun:
        yield f"  {begun.model.name}: {size_text(begun.arrived)} of {size_text(begun.total)}"
    absent = _absent(found)
    if absent:
        yield "\nTo download (moebius models download NAME):"
    for known in absent:
        yield from _entry(known.name, (f"about {size_text(known.size)}", known.licence, known.source), known.note)
        if known.limits:
            yield f"      {known.limits}"
    yield f"\nKept in {folder}, {size_text(found.free)} free."


def as_json(found: Survey, folder: Path) -> dict[str, Any]:
    """The same for programs; sizes in bytes."""
    return {
        "folder": str(folder),
        "free": found.free,
        "installed": [_installed(model) for model in found.installed],
        "begun": [{"name": b.model.name, "arrived": b.arrived, "total": b.total} for b in found.begun],
        "available": [
            {
                "name": known.name,
                "title": known.title,
                "note": known.note,
                "size": known.size,
                "licence": known.licence,
                "licence_url": known.licence_url,
                "source": known.source,
                "gated": known.gated,
            }
            for known in _absent(found)
        ],
    }


def _installed(model: Installed) -> dict[str, Any]:
    names = ("name", "title", "note", "size", "licence", "source", "removable", "fault")
    return {name: getattr(model, name) for name in names}


def _absent(found: Survey) -> list[KnownModel]:
    here = {model.name for model in found.installed}
    return [known for known in CATALOGUE if known.parts and known.name not in here]


def _entry(name: str, facts: tuple[str, ...], note: str) -> Iterator[str]:
    yield f"  {name}  ({', '.join(fact for fact in facts if fact)})"
    if note:
        yield f"      {note}"
