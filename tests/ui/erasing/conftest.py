"""A picture to erase from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui.conftest import Driver


@pytest.fixture
def ready(driver: Driver, photo: Path) -> Driver:
    """A photo with a stroke on it."""
    driver.open(photo)
    driver.stroke((60, 50), (90, 60))
    return driver
