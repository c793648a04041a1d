"""What the settings add to what the panel says of an erase."""

from __future__ import annotations

from app.engine.protocol import EraseOptions, ModelInfo
from app.ui.erasing.chosen import with_settings
from app.ui.support import settings
from tests.ui.conftest import Driver

PUBLISHED = ModelInfo("moebius-ft_places2", "Moebius", 20, 2.0, 1.0, starts=True)
BUNDLED = ModelInfo("moebius-nano", "Nano", 4, 1.0, 1.0)
PROPOSED = EraseOptions(steps=20, guidance=2.0, strength=1.0)


def test_nothing_is_added_unless_it_is_set(driver: Driver) -> None:
    for info in (PUBLISHED, BUNDLED, None):
        assert with_settings(PROPOSED, info, driver.window.settings) == PROPOSED


def test_as_published_numbers_are_the_authors_unless_chosen(driver: Driver) -> None:
    store = driver.window.settings
    store.set(settings.START, "published")
    assert with_settings(PROPOSED, PUBLISHED, store) == EraseOptions(guidance=2.0, start="published")
    chosen = EraseOptions(steps=9, guidance=2.0, strength=0.7)
    assert with_settings(chosen, PUBLISHED, store) == EraseOptions(
        steps=9, guidance=2.0, strength=0.7, start="published"
    )
    assert with_settings(PROPOSED, BUNDLED, store) == PROPOSED, "a model that has no other start is left alone"


def test_previews_are_drawn_as_set(driver: Driver) -> None:
    driver.window.settings.set(settings.PREVIEWS, "exact")
    assert with_settings(PROPOSED, None, driver.window.settings).previews == "exact"
