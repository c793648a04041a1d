from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from app.document.editing import Document
from app.document.mask import Segment, brushed_over, framed, object_in, segment_of
from app.document.pixels import Picture, crop

Array = NDArray[np.uint8]


def scene(height: int = 300, width: int = 400, radius: int = 60) -> tuple[Array, NDArray[np.bool_]]:
    """A red ball with spots of light over textured green, and where it is."""
    rng = np.random.default_rng(3)
    rgb = np.empty((height, width, 3), np.uint8)
    noise = cv2.GaussianBlur(rng.normal(0, 60, (height, width)), (0, 0), 2)
    for channel, level in enumerate((70, 120, 60)):
        rgb[..., channel] = np.clip(level + noise, 0, 255)
    y, x = np.mgrid[:height, :width]
    ball = (x - width / 2) ** 2 + (y - height / 2) ** 2 < radius**2
    rgb[ball] = (190, 40, 50)
    rgb[(x - width / 2) ** 2 + (y - height / 2) ** 2 < (radius / 5) ** 2] = (250, 240, 240)
    return rgb, ball


def whole(found: Segment | None, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.zeros(shape[:2], bool)
    if found is not None:
        crop(mask, found.box)[...] = found.coverage > 127
    return mask


def iou(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    return float((a & b).sum() / (a | b).sum())


def disc(shape: tuple[int, ...], radius: float) -> Segment:
    y, x = np.mgrid[: shape[0], : shape[1]]
    inside = (x - shape[1] / 2) ** 2 + (y - shape[0] / 2) ** 2 < radius**2
    found = segment_of(inside.astype(np.uint8) * 255, (0, 0, shape[1], shape[0]))
    assert found is not None
    return found


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("channels", [3, 4])
def test_what_was_brushed_over_is_found(depth: int, channels: int) -> None:
    rgb, ball = scene()
    pixels = np.dstack([rgb, np.zeros(ball.shape, np.uint8)])[..., :channels]
    if depth == 16:
        pixels = pixels.astype(np.uint16) * 257
    brushed = disc(rgb.shape, 80)
    assert iou(whole(brushed, rgb.shape), ball) < 0.6
    found = whole(object_in(np.ascontiguousarray(pixels), brushed), rgb.shape)
    assert iou(found, ball) > 0.93
    assert (ball & ~found).sum() < 0.005 * ball.sum(), "holes are closed, nothing is left out"


def test_the_same_at_a_size_that_is_reduced() -> None:
    rgb, ball = scene(1500, 2000, 420)
    found = whole(object_in(rgb, disc(rgb.shape, 520)), rgb.shape)
    assert iou(found, ball) > 0.96
    assert (ball & ~found).sum() < 0.005 * ball.sum()


def test_a_box_and_a_stroke_around_find_it_too() -> None:
    rgb, ball = scene()
    found = object_in(rgb, framed((285.3, 225.2), (115.0, 65.0), (400, 300)) or pytest.fail("no box"), box=True)
    assert iou(whole(found, rgb.shape), ball) > 0.9
    angles = np.linspace(0, 2 * np.pi, 40)
    ring = [(200 + 75 * float(np.cos(a)), 150 + 75 * float(np.sin(a))) for a in angles]
    around = brushed_over(ring, 6.0, (400, 300))
    assert around is not None
    assert around.holds((200, 150))
    assert iou(whole(object_in(rgb, around), rgb.shape), ball) > 0.9


def test_nothing_brushed_finds_nothing_and_one_pixel_something() -> None:
    rgb, _ = scene()
    assert brushed_over([(-100.0, -100.0)], 10, (400, 300)) is None
    assert framed((-20, -20), (-5, -5), (400, 300)) is None
    assert object_in(rgb, Segment((900, 900, 910, 910), np.full((10, 10), 255, np.uint8))) is None
    dab = brushed_over([(200.5, 150.5)], 1, (400, 300))
    assert dab is not None
    assert object_in(rgb, dab) is not None
    flat = np.full((40, 40, 3), 9, np.uint8)
    assert object_in(flat, Segment((0, 0, 40, 40), np.full((40, 40), 255, np.uint8))) is not None


def test_it_is_found_the_same_each_time() -> None:
    rgb, _ = scene()
    one, other = object_in(rgb, disc(rgb.shape, 80)), object_in(rgb, disc(rgb.shape, 80))
    assert one is not None
    assert other is not None
    assert np.array_equal(one.coverage, other.coverage)


def test_a_brushed_mask_is_snapped_part_by_part_and_undone() -> None:
    rgb, ball = scene(300, 400, 40)
    pixels = np.concatenate([rgb, rgb], axis=1)
    document = Document(Picture(pixels))
    for x in (200, 600):
        brushed = disc(rgb.shape, 60)
        box = (brushed.box[0] + x - 200, brushed.box[1], brushed.box[2] + x - 200, brushed.box[3])
        document.lay_segments([Segment(box, brushed.coverage)], "Brushed")
    before = document.mask.copy()
    edit = document.snap_mask()
    assert edit is not None
    assert edit.name == "Snap mask to object"
    assert iou(document.mask > 127, np.concatenate([ball, ball], axis=1)) > 0.9
    edit.undo(document)
    assert np.array_equal(document.mask, before)


def test_snapping_no_mask_changes_nothing() -> None:
    document = Document(Picture(scene()[0]))
    assert document.snap_mask() is None
