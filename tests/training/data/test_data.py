"""Masks, photographs, samples: sizes, values, coverage, and the same draws for the same seeds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from training.config import PrepareConfig, TrainConfig
from training.data.batches import Ahead, Shards, draw_batch, draw_size, open_source
from training.data.masks import KINDS, object_mask, one_object, random_mask
from training.data.photos import Photographs, PictureFiles, find_pictures, read_cutouts, read_folder
from training.data.samples import BACKGROUND, FOREGROUND, SHARD, make_sample, paste, prepare, shrunk, vary


@pytest.mark.parametrize("kind", [None, *KINDS])
def test_random_masks_leave_at_least_half(kind: str | None) -> None:
    for seed in range(6):
        mask = random_mask(128, np.random.default_rng(seed), kind)
        assert mask.shape == (128, 128)
        assert set(np.unique(mask)) == {0, 255}
        assert 0.01 <= (mask > 0).mean() <= 0.5
        assert np.array_equal(mask, random_mask(128, np.random.default_rng(seed), kind)), "same seed, same mask"


def test_thin_masks_are_thinner_than_thick_ones() -> None:
    def thickness(kind: str) -> float:
        masks = [random_mask(256, np.random.default_rng(seed), kind) for seed in range(10)]
        return float(np.mean([cv2.distanceTransform(mask, cv2.DIST_L2, 5).max() for mask in masks]))

    # at most 20 px wide at 512: 10 px here, more where strokes cross; thick ones are at most 125 px
    assert thickness("thin") < 12 < thickness("medium") < thickness("thick")


def test_an_object_mask_covers_the_object_and_a_margin() -> None:
    alpha = np.zeros((64, 64), np.uint8)
    alpha[20:40, 20:40] = 255
    mask = object_mask(alpha, np.random.default_rng(0))
    assert (mask[18:42, 20:40] == 255).all()
    assert mask[:8].max() == 0


def test_one_object_of_several() -> None:
    segments = np.zeros((64, 64), np.uint8)
    segments[4:20, 4:20], segments[40:60, 30:60], segments[0, 63] = 255, 255, 255
    found = {one_object(segments, np.random.default_rng(seed)).tobytes() for seed in range(20)}  # type: ignore[union-attr]
    assert len(found) == 2  # the single pixel is too small
    assert one_object(np.zeros((64, 64), np.uint8), np.random.default_rng(0)) is None


def test_unreadable_pictures_are_skipped_and_named(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(read_folder(corpus / "photos")) == 3
    assert "broken.jpg: not a readable picture" in capsys.readouterr().out
    files = PictureFiles(corpus / "photos")
    assert len(files) == 3
    assert [Path(line.split(":")[0]).name for line in files.skipped] == ["broken.jpg"]


def test_a_picture_damaged_further_in_is_replaced(corpus: Path, tmp_path: Path) -> None:
    whole = (corpus / "photos" / "0.png").read_bytes()
    (tmp_path / "whole.png").write_bytes(whole)
    (tmp_path / "cut.png").write_bytes(whole[:33])  # its header is all there is
    photos = Photographs(PictureFiles(tmp_path), smallest=64)
    rng = np.random.default_rng(0)
    assert all(photos.crop(64, rng).shape == (64, 64, 3) for _ in range(10))
    assert len(photos.skipped) == 1 and "cut.png" in photos.skipped[0]


def test_a_list_of_pictures_will_do(corpus: Path) -> None:
    listed = corpus / "list.txt"
    listed.write_text("# two of them\nphotos/0.png\n\nphotos/2.png\n", encoding="utf-8")
    assert [p.name for p in find_pictures(listed)] == ["0.png", "2.png"]
    with pytest.raises(ValueError, match="there is no folder or list"):
        find_pictures(corpus / "nothing")
    with pytest.raises(ValueError, match="no photograph of at least 1000 pixels"):
        Photographs(read_folder(corpus / "photos"), smallest=1000)


def test_crops_have_the_size_asked_for(corpus: Path) -> None:
    photos = Photographs(read_folder(corpus / "photos"), smallest=128)
    rng = np.random.default_rng(0)
    assert all(photos.crop(size, rng).shape == (size, size, 3) for size in (64, 128, 300))


def test_pasting_changes_the_picture_under_the_alpha_only(corpus: Path) -> None:
    (thing,) = read_cutouts(corpus / "cutouts")
    picture = np.full((128, 128, 3), 90, np.uint8)
    pasted, alpha = paste(picture, thing, np.random.default_rng(4))
    assert (pasted[alpha == 0] == 90).all()
    assert (alpha > 0).any()
    assert np.abs(pasted[alpha == 255].astype(int) - (200, 40, 20)).max() < 12


def test_samples_have_a_hole_and_are_of_both_categories(corpus: Path) -> None:
    photos = Photographs(PictureFiles(corpus / "photos"), smallest=128)
    things = read_cutouts(corpus / "cutouts")
    labels = set()
    for seed in range(12):
        sample = make_sample(photos, things, 64, np.random.default_rng(seed))
        assert sample["picture"].shape == (64, 64, 3) and 0 < (sample["mask"] > 0).mean() < 1
        labels.add(int(sample["label"]))
    assert labels == {BACKGROUND, FOREGROUND}


def test_segments_decide_the_category(corpus: Path) -> None:
    """Over an object: foreground. Beside all of them: background, and no pixel of an object under the hole."""
    files = PictureFiles(corpus / "photos", corpus / "segments")
    photos = Photographs([files[1]], smallest=128)
    seen = {BACKGROUND: 0, FOREGROUND: 0}
    for seed in range(40):
        rng = np.random.default_rng(seed)
        segments = photos.crop(128, np.random.default_rng(seed))[..., 3] > 127
        sample = make_sample(photos, [], 128, rng)
        again = np.random.default_rng(seed)
        if not np.array_equal(photos.crop(128, again)[..., :3], sample["picture"]):
            continue  # another crop was drawn: the first held no usable hole
        label = int(sample["label"])
        covered = (sample["mask"] > 0) & segments
        if segments.any():
            seen[label] += 1
            assert covered.any() if label == FOREGROUND else not covered.any()
    assert min(seen.values()) > 2


def test_prepared_shards_are_functions_of_the_seed(corpus: Path, shards: Path, tmp_path: Path) -> None:
    config = PrepareConfig(photos=corpus / "photos", cutouts=corpus / "cutouts", out=tmp_path, shards=1, size=64)
    prepare(config)
    (mine,), (theirs,) = tmp_path.glob("*.npz"), shards.glob("*.npz")
    with np.load(mine) as a, np.load(theirs) as b:
        assert set(a) == set(b) == {"picture", "mask", "label"}
        assert all(np.array_equal(a[key], b[key]) for key in a)
        assert a["picture"].shape == (SHARD, 64, 64, 3)
    assert "broken.jpg" in (tmp_path / "skipped.txt").read_text(encoding="utf-8")
    before = mine.stat().st_mtime_ns
    prepare(config)
    assert mine.stat().st_mtime_ns == before, "shards already there are kept"


def test_samples_can_be_kept_smaller_than_they_are_made(corpus: Path, tmp_path: Path) -> None:
    config = PrepareConfig(photos=corpus / "photos", out=tmp_path, shards=1, size=64, kept=32)
    prepare(config)
    (path,) = tmp_path.glob("*.npz")
    with np.load(path) as shard:
        assert shard["picture"].shape == (SHARD, 32, 32, 3)
        assert set(np.unique(shard["mask"])) <= {0, 255}
    rng = np.random.default_rng(0)
    sample = make_sample(Photographs(PictureFiles(corpus / "photos"), 64), [], 64, rng)
    small = shrunk(sample, 2)
    means = sample["picture"].reshape(32, 2, 32, 2, 3).mean((1, 3))
    assert np.abs(small["picture"] - means).max() <= 1
    assert np.array_equal(small["mask"], sample["mask"].reshape(32, 2, 32, 2).max((1, 3)))
    with pytest.raises(ValueError, match="no divisor"):
        prepare(replace(config, kept=48))


def test_batches_are_functions_of_seed_step_and_number(corpus: Path, train_config: TrainConfig) -> None:
    photos = replace(train_config, samples=None, photos=corpus / "photos", cutouts=corpus / "cutouts")
    both = replace(photos, samples=train_config.samples, drawn_share=0.5)
    for config in (train_config, photos, both):
        source = open_source(config)
        whole = draw_batch(source, 5, 17, range(6), 32)
        assert whole["picture"].shape == (6, 32, 32, 3)
        parts = [draw_batch(source, 5, 17, part, 32) for part in (range(2), range(2, 6))]
        assert all(np.array_equal(np.concatenate([p[key] for p in parts]), whole[key]) for key in whole)
        assert not np.array_equal(draw_batch(source, 5, 18, range(6), 32)["picture"], whole["picture"])
        assert not np.array_equal(draw_batch(source, 6, 17, range(6), 32)["picture"], whole["picture"])


def test_variations_keep_the_hole_where_it_is(shards: Path) -> None:
    source = Shards(shards)
    for seed in range(20):
        whole = source.samples[seed]
        shown = {**whole, "picture": np.repeat(whole["mask"][..., None], 3, 2)}  # the hole, as a picture
        sample = vary(shown, 48, np.random.default_rng(seed))
        assert np.array_equal(sample["picture"].max(2) > 0, sample["mask"] > 0)
    with pytest.raises(ValueError, match="no samples in"):
        Shards(shards.parent)


def test_variations_are_the_sample_in_all_eight_positions_and_other_colours(shards: Path) -> None:
    sample = Shards(shards).samples[0]
    mask = sample["mask"]
    positions = {turned.tobytes() for plane in (mask, mask.T) for turned in (np.rot90(plane, k) for k in range(4))}
    varied = [vary(sample, len(mask), np.random.default_rng(seed)) for seed in range(80)]
    assert {each["mask"].tobytes() for each in varied} == positions
    means = {tuple(np.argsort(each["picture"].mean((0, 1)))) for each in varied}
    assert len(means) == 6  # every order of the channels


def test_sizes_are_drawn_the_same_everywhere() -> None:
    sizes = [draw_size(step, 256, True) for step in range(60)]
    assert set(sizes) == {256, 192, 128}
    assert sizes == [draw_size(step, 256, True) for step in range(60)]
    assert draw_size(3, 256, False) == 256


def test_batches_made_ahead_come_in_order_and_raise_where_asked() -> None:
    ahead = Ahead(lambda step: step * step, 3, 9, workers=3)
    assert list(ahead) == [9, 16, 25, 36, 49, 64]
    ahead.close()

    def broken(step: int) -> int:
        raise ValueError("no data")

    ahead = Ahead(broken, 0, 2, workers=1)
    with pytest.raises(ValueError, match="no data"):
        next(iter(ahead))
    ahead.close()
