"""A picture of 16 bits with a colour profile, from its file through the window and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.document.formats.files import read_picture, write_picture
from app.document.pixels import colour
from app.document.pixels.picture import Picture
from app.ui.editing import background_edits
from tests.document.icc_files import P3
from tests.ui.conftest import Driver
from tests.ui.fake_engine import RESULT, hole_box


@pytest.mark.parametrize("large", [False, True])
def test_everything_but_the_hole_keeps_every_bit(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    if large:  # done on another thread, then
        monkeypatch.setattr(background_edits, "AT_ONCE", 1000)
    original = np.random.default_rng(0).integers(0, 65536, (120, 160, 3)).astype(np.uint16)
    path = tmp_path / "deep.png"
    write_picture(Picture(original.copy(), icc_profile=P3), path)
    driver.open(path)
    driver.stroke((60, 50), (90, 60))
    driver.window.actions_.erase.trigger()
    driver.qtbot.waitUntil(lambda: driver.engine.busy)
    rgb, mask, options = driver.engine.requests[-1]
    assert options.sixteen_bit
    assert rgb.dtype == np.uint8
    np.testing.assert_array_equal(rgb, colour.srgb_pixels(Picture(original, icc_profile=P3)))
    driver.engine.finish()
    driver.qtbot.waitUntil(lambda: not driver.window.erasing.job.active and not driver.window.editing.jobs.busy)
    driver.qtbot.waitUntil(lambda: driver.window.isWindowModified())
    hole = mask > 127
    now = driver.document.pixels
    np.testing.assert_array_equal(now[~hole], original[~hole])
    x0, y0, x1, y1 = hole_box(mask)
    shown = colour.srgb_pixels(driver.document.picture)[y0:y1, x0:x1][hole[y0:y1, x0:x1]]
    assert np.abs(shown.astype(int) - RESULT).max() <= 2  # seen by way of 8 bits, which are coarse where it is dark
    with driver.qtbot.waitSignal(driver.window.workspace.written):
        driver.window.actions_.save.trigger()
    saved = read_picture(path)
    np.testing.assert_array_equal(saved.pixels, now)
    assert saved.icc_profile == P3
    driver.window.actions_.undo.trigger()
    driver.qtbot.waitUntil(lambda: bool(np.array_equal(driver.document.pixels, original)))
