"""Results with more than 256 levels."""

from __future__ import annotations

import numpy as np

from inference import ErasePipeline
from inference.erase.compositing.high_bit_depth import TO_16_BIT, debanded
from inference.models.catalogue import PATCH_FILL


def test_bands_go_and_texture_stays() -> None:
    exact = np.linspace(100, 104, 400, dtype=np.float32)[None, :, None].repeat(300, 0).repeat(3, 2)
    rounded = np.rint(exact).astype(np.uint8)
    smooth = np.concatenate([debanded(rounded, top, min(top + 64, 300)) for top in range(0, 300, 64)])
    assert np.abs(smooth - exact).mean() < np.abs(rounded - exact).mean()
    assert len(np.unique(smooth.round(3))) > 50
    assert (np.rint(smooth) - rounded).max() <= 1
    noise = np.random.default_rng(0).integers(0, 256, (80, 90, 3), dtype=np.uint8)
    assert np.abs(debanded(noise, 0, 80) - noise).max() <= 0.5


def test_a_fine_result_is_the_coarse_one_with_more_bits() -> None:
    y, x = np.mgrid[0:300, 0:360]
    image = np.stack([100 + x / 40, 120 + y / 50, 140 + (x + y) / 60], axis=2).round().astype(np.uint8)
    mask = np.zeros((300, 360), np.uint8)
    mask[120:180, 140:220] = 255
    for name in (PATCH_FILL, "moebius-nano"):
        pipeline = ErasePipeline.load(name, "cpu")
        (coarse,) = pipeline.erase_parts(image, mask, steps=1, seed=1)
        (part,) = pipeline.erase_parts(image, mask, steps=1, seed=1, sixteen_bit=True)
        np.testing.assert_array_equal(coarse.rgb, part.rgb)
        assert coarse.sixteen_bit is None
        sixteen_bit = part.sixteen_bit
        assert sixteen_bit is not None
        x0, y0, x1, y1 = part.box
        own = image[y0:y1, x0:x1]
        assert sixteen_bit.share.shape == own.shape[:2]
        laid = own + (sixteen_bit.colours / TO_16_BIT - own) * sixteen_bit.share[..., None]
        assert np.abs(laid - part.rgb).max() <= 1.01
        assert len(np.unique(sixteen_bit.colours[sixteen_bit.share == 1])) > 1000
        np.testing.assert_array_equal(sixteen_bit.share > 0, pipeline.affected(mask, image)[y0:y1, x0:x1])
