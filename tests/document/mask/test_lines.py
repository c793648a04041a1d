"""Lines followed, wires and specks found, on pictures where they are known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from app.document.mask import LiveWire, Segment, find_specks, find_wires, line_segment
from app.document.pixels import crop

Array = NDArray[np.uint8]


def ground(height: int, width: int, grain: float = 4.0) -> NDArray[np.float64]:
    """A sky: a soft gradient with grain."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:height, :width]
    plane: NDArray[np.float64] = 150 + 40 * y / height + 10 * np.sin(x / 70) + rng.normal(0, grain, (height, width))
    return plane


def drawn(plane: NDArray[np.float64], line: NDArray[np.float64], thick: int, level: int) -> tuple[Array, Array]:
    """The picture with a line, and how much of each pixel it covers."""
    cover = np.zeros(plane.shape, np.uint8)
    fixed = np.round(line * 16).astype(np.int32)
    cv2.polylines(cover, [fixed], False, (255,), thick, cv2.LINE_AA, 4)
    mixed = plane * (1 - cover / 255) + level * (cover / 255)
    return np.dstack([np.clip(mixed, 0, 255).astype(np.uint8)] * 3), cover


def sagging(width: int, top: float = 120.0) -> NDArray[np.float64]:
    x = np.arange(width, dtype=np.float64)
    return np.stack([x, top + 0.0006 * (x - width / 2) ** 2], axis=1)


def whole(segments: list[Segment], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.zeros(shape[:2], bool)
    for segment in segments:
        view = crop(mask, segment.box)
        view |= segment.coverage > 127
    return mask


@pytest.mark.parametrize("thick", [1, 3, 8, 15])
@pytest.mark.parametrize("level", [30, 250])
def test_a_line_is_followed_and_its_width_found(thick: int, level: int) -> None:
    line = sagging(600)
    rgb, cover = drawn(ground(300, 600), line, thick, level)
    wire = LiveWire(rgb, (40.0, float(line[40, 1]) + 2), 500)
    path = wire.path((540.0, float(line[540, 1]) - 2))
    found = line_segment(rgb, path)
    assert found is not None
    mask, true = whole([found], rgb.shape), cover > 127
    mask[:, :50] = true[:, :50] = mask[:, 530:] = true[:, 530:] = False
    assert (true & ~mask).sum() <= 0.02 * true.sum(), "nothing of it is left out"
    assert mask.sum() / 480 <= thick + 7, "nor much masked beside it"


def test_16_bits_and_a_reduced_window_give_the_same_line() -> None:
    line = sagging(1500)
    rgb, cover = drawn(ground(700, 1500), line, 5, 20)
    wire = LiveWire(rgb.astype(np.uint16) * 257, (100.0, float(line[100, 1])), 1400)
    found = line_segment(rgb, wire.path((1400.0, float(line[1400, 1]))))
    assert found is not None
    mask, true = whole([found], rgb.shape), cover > 127
    mask[:, :110] = true[:, :110] = mask[:, 1390:] = true[:, 1390:] = False
    assert (true & ~mask).sum() <= 0.02 * true.sum()


def test_beyond_the_window_a_path_is_straight_and_beyond_the_picture_there_is_none() -> None:
    rgb, _ = drawn(ground(200, 300), sagging(300), 3, 20)
    wire = LiveWire(rgb, (50.0, 60.0), 40)
    assert not wire.holds((200.0, 60.0))
    assert len(wire.path((200.0, 60.0))) == 2
    with pytest.raises(ValueError, match="not near the picture"):
        LiveWire(rgb, (900.0, 900.0), 40)
    flat = np.full((50, 60, 3), 7, np.uint8)
    assert LiveWire(flat, (5.0, 5.0), 40).path((40.0, 40.0))[-1] == pytest.approx((40, 40), abs=8)
    assert line_segment(flat, [(5.0, 5.0), (40.0, 40.0)]) is not None
    assert line_segment(flat, [(-50.0, -50.0), (-20.0, -20.0)]) is None


def test_wires_are_found_whole_and_each_by_itself() -> None:
    plane = ground(600, 900)
    covers = []
    for top in (100.0, 160.0, 330.0):
        rgb, drawn_over = drawn(plane, sagging(900, top), 2, 40)
        plane = rgb[..., 0].astype(np.float64)
        covers.append(drawn_over > 127)
    plane[:, 400:415] = 90  # a pole in front of all of them
    rgb = np.dstack([plane.astype(np.uint8)] * 3)
    found = find_wires(rgb)
    for cover in covers:
        cover[:, 395:420] = False
        shares = [float((cover & whole([one], rgb.shape)).sum() / cover.sum()) for one in found]
        assert max(shares) > 0.9
    assert len(found) <= 5, "the wires and perhaps the pole"


def test_an_edge_and_texture_are_no_wires() -> None:
    step = np.full((400, 600, 3), 60, np.uint8)
    step[200:] = 190
    assert find_wires(step) == []
    rng = np.random.default_rng(2)
    leaves = cv2.GaussianBlur(rng.normal(0, 1, (400, 600)), (0, 0), 2) * 300 + 120
    assert find_wires(np.dstack([np.clip(leaves, 0, 255).astype(np.uint8)] * 3)) == []
    assert find_wires(np.zeros((4, 400, 3), np.uint8)) == []


def test_specks_are_found_where_they_are_seen() -> None:
    rng = np.random.default_rng(4)
    plane = ground(500, 700, grain=3.0)
    plane[300:] = cv2.GaussianBlur(rng.normal(0, 1, (200, 700)), (0, 0), 1.5) * 200 + 120  # grass
    spots = np.zeros(plane.shape, np.uint8)
    places = [(int(x), int(y)) for x, y in rng.integers((20, 20), (680, 270), (12, 2))]
    for x, y in places:
        cv2.circle(spots, (x, y), int(rng.integers(2, 6)), (255,), cv2.FILLED)
    cv2.polylines(spots, [np.array([[100, 10], [130, 140], [125, 260]], np.int32)], False, (255,), 2)  # a hair
    plane[spots > 0] = 240
    rgb = np.dstack([np.clip(plane, 0, 255).astype(np.uint8)] * 3)
    found = find_specks(rgb)
    mask = whole(found, rgb.shape)
    assert ((spots > 0) & ~mask).sum() <= 0.03 * (spots > 0).sum()
    stray = [one for one in found if one.box[1] < 290 and not (whole([one], rgb.shape) & (spots > 0)).any()]
    assert not stray
    assert mask[310:].sum() == 0, "none in the grass"
    deep = find_specks(rgb.astype(np.uint16) * 257)
    assert np.array_equal(whole(deep, rgb.shape), mask)
    assert find_specks(np.full((30, 30, 4), 80, np.uint8)) == []
