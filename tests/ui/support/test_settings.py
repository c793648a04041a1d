from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QSettings

from app.ui.support import settings
from app.ui.support.settings import Settings


def opened(tmp_path: Path) -> tuple[Settings, QSettings]:
    store = QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat)
    return Settings(store), store


def test_defaults(tmp_path: Path) -> None:
    store, _ = opened(tmp_path)
    assert store.get(settings.NEW_SEED) is True
    assert store.get(settings.RECENT_FILES) == []
    assert store.get(settings.EXPORT_QUALITY) == 95


def test_values_survive_the_file(tmp_path: Path) -> None:
    store, file = opened(tmp_path)
    store.set(settings.NEW_SEED, False)
    store.set(settings.RECENT_FILES, ["/one only.png"])
    store.set(settings.BRUSH_SCALE, 1.5)
    store.set(settings.EXPORT_QUALITY, 80)
    store.set(settings.GEOMETRY, QByteArray(b"\x01\x02"))
    file.sync()
    again, _ = opened(tmp_path)
    assert again.get(settings.NEW_SEED) is False
    assert again.get(settings.RECENT_FILES) == ["/one only.png"]
    assert again.get(settings.BRUSH_SCALE) == 1.5
    assert again.get(settings.EXPORT_QUALITY) == 80
    assert again.get(settings.GEOMETRY) == QByteArray(b"\x01\x02")
    again.forget(settings.BRUSH_SCALE)
    assert again.get(settings.BRUSH_SCALE) == 1.0


@pytest.mark.parametrize(("raw", "value"), [("900", 100), ("-4", 1), ("much", 95)])
def test_nonsense_in_the_file_does_no_harm(tmp_path: Path, raw: str, value: int) -> None:
    store, file = opened(tmp_path)
    file.setValue(settings.EXPORT_QUALITY.key, raw)
    assert store.get(settings.EXPORT_QUALITY) == value
