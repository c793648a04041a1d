"""What the settings add to what the panel says of an erase."""

from __future__ import annotations

from dataclasses import replace

from app.engine.protocol import EraseOptions, ModelInfo
from app.ui.erasing.chosen import WAYS, another_way, with_settings
from app.ui.support import settings
from inference.erase.settings import VARIANTS, chosen_settings
from inference.models.catalogue import PUBLISHED as PUBLISHED_SETTINGS
from tests.ui.conftest import Driver

NO_FILL = frozenset({"continue_edges"})
PUBLISHED = ModelInfo("moebius-ft_places2", "Moebius", 20, 2.0, 1.0, starts=True, unused=NO_FILL)
BUNDLED = ModelInfo("moebius-nano", "Nano", 4, 1.0, 1.0)
PROPOSED = EraseOptions(steps=20, guidance=2.0, strength=1.0)


def test_nothing_is_added_unless_it_is_set(driver: Driver) -> None:
    for info in (PUBLISHED, None):
        assert with_settings(PROPOSED, info, driver.window.settings) == PROPOSED


def test_only_a_model_that_fills_a_hole_does_so_in_several_ways(driver: Driver) -> None:
    own = with_settings(PROPOSED, BUNDLED, driver.window.settings)
    assert own == replace(PROPOSED, variant=0)
    second = another_way(replace(own, seed=5), own)
    assert second == replace(PROPOSED, seed=5, variant=1)
    assert another_way(replace(own, steps=3), second).variant == 0, "chosen anew: that is what is to be seen"
    assert another_way(replace(PROPOSED, seed=5), PROPOSED) == replace(PROPOSED, seed=5)


def test_where_edges_are_not_continued_anyway_that_is_no_other_way() -> None:
    ways = [EraseOptions(continue_edges=False, variant=0)]
    for seed in range(1, 4):
        ways.append(another_way(replace(ways[0], seed=seed), ways[-1]))
    assert [options.variant for options in ways] == [0, 1, 3, 4]


def test_there_is_a_word_for_every_way() -> None:
    edges = [chosen_settings(PUBLISHED_SETTINGS, variant=number).continue_edges for number in range(VARIANTS)]
    assert edges == ["edges" not in way for way in WAYS]


def test_as_published_numbers_are_the_authors_unless_chosen(driver: Driver) -> None:
    store = driver.window.settings
    store.set(settings.START, "published")
    assert with_settings(PROPOSED, PUBLISHED, store) == EraseOptions(guidance=2.0, start="published")
    chosen = EraseOptions(steps=9, guidance=2.0, strength=0.7)
    assert with_settings(chosen, PUBLISHED, store) == EraseOptions(
        steps=9, guidance=2.0, strength=0.7, start="published"
    )
    assert with_settings(PROPOSED, BUNDLED, store) == replace(PROPOSED, variant=0), (
        "a model that has no other start is left alone"
    )


def test_previews_are_drawn_as_set(driver: Driver) -> None:
    driver.window.settings.set(settings.PREVIEWS, "exact")
    assert with_settings(PROPOSED, None, driver.window.settings).previews == "exact"
