"""Detail for what was filled or denoised at a reduced size: copied from where the picture looks alike.

For every point of the reduced hole the most alike known patch of the reduced picture is searched for, and the
full-size pixels are fetched from there. Barnes et al., "PatchMatch" (2009), on principal components of patches;
the search is vectorised: all points try the offsets of their neighbours at once, then random ones nearby.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.runtime import Check

Float = NDArray[np.float32]

STRIDE = 2  # reduced pixels between points that have an offset of their own
RADIUS = 3  # of patches, in reduced pixels
COMPONENTS = 12
ROUNDS = 8
BAND = 256  # rows fetched at once
TONE = 3.0  # reduced pixels over which tone follows the reduced picture


def copied_detail(
    picture: NDArray[np.uint8],
    reduced: NDArray[np.uint8],
    reduced_hole: NDArray[np.bool_],
    box: tuple[int, int, int, int],
    hole: NDArray[np.bool_],
    *,
    seed: int,
    check: Check,
    source: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint8]:
    """``reduced (h, w, 3)``, filled, at the size of ``picture (H, W, 3)``, within ``box`` only.

    ``reduced_hole (h, w)``: what is filled there; ``hole (y1 - y0, x1 - x0)``: the same at full size in ``box``,
    outside it the picture's pixels are returned. ``source (h, w)``: where of the reduced picture detail may be
    copied from, None: everywhere outside the hole. Takes time and memory proportional to the box. Where no patch
    is known the reduced picture is merely enlarged.
    """
    scale = np.array([picture.shape[0] / reduced.shape[0], picture.shape[1] / reduced.shape[1]])
    x0, y0, x1, y1 = box
    known = picture[y0:y1, x0:x1]
    offsets = _offsets(reduced, reduced_hole, source, seed, check)
    if offsets is None:
        fetched = _enlarged(reduced, scale, box)
    else:
        fetched = np.empty(known.shape, np.uint8)
        for top in range(0, y1 - y0, BAND):
            check()
            rows = slice(top, min(top + BAND, y1 - y0))
            fetched[rows] = _fetch(picture, offsets, scale, (x0, y0 + rows.start, x1, y0 + rows.stop))
    fetched[~hole] = known[~hole]
    # Tone follows the reduced picture: detail was fetched from brighter and darker places alike.
    size = max(1, round((x1 - x0) / scale[1])), max(1, round((y1 - y0) / scale[0]))
    wanted = cv2.resize(_enlarged(reduced, scale, box), size, interpolation=cv2.INTER_AREA)
    made = cv2.resize(fetched, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    tone = np.asarray(cv2.GaussianBlur(wanted.astype(np.float32) - made, (0, 0), TONE))
    for top in range(0, y1 - y0, BAND):
        check()
        rows = slice(top, min(top + BAND, y1 - y0))
        matrix = np.array([[size[0] / (x1 - x0), 0, 0], [0, size[1] / (y1 - y0), 0]])
        shift = sample(tone, matrix, (0, rows.start, x1 - x0, rows.stop))
        toned = np.clip(np.rint(fetched[rows] + shift), 0, 255).astype(np.uint8)
        fetched[rows] = np.where(hole[rows][..., None], toned, known[rows])
    return fetched


def sample(values: NDArray[np.generic], matrix: NDArray[np.float64], box: tuple[int, int, int, int]) -> Float:
    """``values (h, w, 3)`` enlarged, within ``box`` of the large picture: ``(y1 - y0, x1 - x0, 3)`` float32.

    ``matrix (2, 3)`` maps large pixels to small ones, both counted from the corner of the first pixel.
    """
    x0, y0, x1, y1 = box
    centres = matrix.copy()
    centres[:, 2] += matrix[:, :2] @ (x0 + 0.5, y0 + 0.5) - 0.5
    return np.asarray(
        cv2.warpAffine(
            values.astype(np.float32),
            centres,
            (x1 - x0, y1 - y0),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        dtype=np.float32,
    )


def _enlarged(
    reduced: NDArray[np.uint8], scale: NDArray[np.float64], box: tuple[int, int, int, int]
) -> NDArray[np.uint8]:
    """``reduced`` at full size within ``box``, in bands so that floats never cover the whole."""
    x0, y0, x1, y1 = box
    matrix = np.array([[1 / scale[1], 0, 0], [0, 1 / scale[0], 0]])
    result = np.empty((y1 - y0, x1 - x0, 3), np.uint8)
    for top in range(y0, y1, BAND):
        bottom = min(top + BAND, y1)
        result[top - y0 : bottom - y0] = np.rint(sample(reduced, matrix, (x0, top, x1, bottom)))
    return result


def _fetch(
    picture: NDArray[np.uint8], offsets: Float, scale: NDArray[np.float64], box: tuple[int, int, int, int]
) -> Float:
    """Full-size pixels by the offsets of the four nearest points, weighed by how near they are."""
    x0, y0, x1, y1 = box
    height, width = offsets.shape[:2]
    v = (np.arange(y0, y1) + 0.5) / (scale[0] * STRIDE) - 0.5
    u = (np.arange(x0, x1) + 0.5) / (scale[1] * STRIDE) - 0.5
    total = np.zeros((y1 - y0, x1 - x0, 3), np.float32)
    for down in (0, 1):
        rows = np.clip(np.floor(v).astype(int) + down, 0, height - 1)
        row_share = np.abs(1 - down - (v - np.floor(v)))
        for right in (0, 1):
            columns = np.clip(np.floor(u).astype(int) + right, 0, width - 1)
            share = row_share[:, None] * np.abs(1 - right - (u - np.floor(u)))[None]
            step = np.rint(offsets[rows[:, None], columns[None]] * scale)  # (rows, columns, 2)
            from_y = (np.arange(y0, y1)[:, None] + step[..., 0]).astype(np.int32).clip(0, picture.shape[0] - 1)
            from_x = (np.arange(x0, x1)[None] + step[..., 1]).astype(np.int32).clip(0, picture.shape[1] - 1)
            total += picture[from_y, from_x] * share[..., None].astype(np.float32)
    return np.rint(total)


def _offsets(
    reduced: NDArray[np.uint8], hole: NDArray[np.bool_], source: NDArray[np.bool_] | None, seed: int, check: Check
) -> Float | None:
    """``(points down, points across, 2)``: from every point in or near the hole to the patch most like it."""
    height, width = hole.shape
    near = np.asarray(cv2.dilate(hole.astype(np.uint8), np.ones((4 * STRIDE + 1,) * 2, np.uint8))).astype(bool)
    reach = 2 * (RADIUS + STRIDE) + 1
    barred = hole if source is None else hole | ~source
    taken = cv2.dilate(np.pad(barred, 1, constant_values=True).astype(np.uint8), np.ones((reach, reach), np.uint8))
    usable = np.ascontiguousarray(taken[1:-1, 1:-1] == 0)
    usable[: RADIUS + STRIDE] = usable[height - RADIUS - STRIDE :] = False
    usable[:, : RADIUS + STRIDE] = usable[:, width - RADIUS - STRIDE :] = False
    if not usable.any():
        return None
    described = _components(reduced, usable, seed)
    rng = np.random.default_rng(seed)
    ys = np.minimum(np.arange(STRIDE // 2, height + STRIDE // 2, STRIDE), height - 1)
    xs = np.minimum(np.arange(STRIDE // 2, width + STRIDE // 2, STRIDE), width - 1)
    points: NDArray[np.bool_] = near[ys[:, None], xs[None]]
    at = np.argwhere(points)
    origin = np.stack([ys[at[:, 0]], xs[at[:, 1]]], -1)
    own = described[origin[:, 0], origin[:, 1]]
    places = np.argwhere(usable)
    found = places[rng.integers(0, len(places), len(at))]
    cost = ((described[found[:, 0], found[:, 1]] - own) ** 2).sum(1)

    def attempt(candidate: NDArray[np.intp]) -> None:
        inside = np.asarray((candidate >= 0) & (candidate < (height, width))).all(axis=1, keepdims=True)
        candidate = np.where(inside, candidate, found)
        good = usable[candidate[:, 0], candidate[:, 1]]
        price = ((described[candidate[:, 0], candidate[:, 1]] - own) ** 2).sum(1)
        better = good & (price < cost)
        found[better], cost[better] = candidate[better], price[better]

    grid = np.full((len(ys), len(xs)), -1)
    grid[at[:, 0], at[:, 1]] = np.arange(len(at))
    for turn in range(ROUNDS):
        check()
        for far in (1, 4) if turn < ROUNDS // 2 else (1,):
            for dy, dx in ((0, far), (far, 0), (0, -far), (-far, 0)):
                beside = np.clip(at + np.array((dy, dx)), 0, (len(ys) - 1, len(xs) - 1))
                index = grid[beside[:, 0], beside[:, 1]]
                index = np.where(index < 0, np.arange(len(at)), index)
                attempt(found[index] - origin[index] + origin)
        radius = max(height, width) / 2.0
        while radius >= 1:
            attempt(found + np.rint(rng.uniform(-radius, radius, found.shape)).astype(np.intp))
            radius /= 3
    result = np.zeros((len(ys), len(xs), 2), np.float32)
    result[at[:, 0], at[:, 1]] = found - origin
    return result


def _components(reduced: NDArray[np.uint8], usable: NDArray[np.bool_], seed: int) -> Float:
    """``(h, w, COMPONENTS)``: the principal components of the patch around every pixel."""
    size = 2 * RADIUS + 1
    rng = np.random.default_rng(seed)
    places = np.argwhere(usable)
    places = places[rng.integers(0, len(places), min(len(places), 2000))]
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(reduced, ((RADIUS,) * 2, (RADIUS,) * 2, (0, 0))), (size, size), (0, 1)
    )
    patches = windows[places[:, 0], places[:, 1]].reshape(len(places), -1).astype(np.float32)  # (n, 3 * size * size)
    patches -= patches.mean(0)
    directions = np.linalg.eigh(patches.T @ patches)[1][:, ::-1][:, :COMPONENTS]
    colours = reduced.astype(np.float32)
    described = np.empty((*reduced.shape[:2], directions.shape[1]), np.float32)
    for index, direction in enumerate(directions.T):
        kernels = direction.reshape(3, size, size)
        parts = [cv2.filter2D(colours[..., c], -1, kernels[c], borderType=cv2.BORDER_REFLECT) for c in range(3)]
        described[..., index] = parts[0] + parts[1] + parts[2]
    return described
