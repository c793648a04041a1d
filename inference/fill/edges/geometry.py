"""Curves in the plane: points ``(n, 2)``, x and y in pixels, y downwards."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Vector = NDArray[np.float64]  # (2,)


def turn(first: Vector, second: Vector) -> float:
    """The angle from one direction to another, in radians, -pi..pi."""
    return math.atan2(first[0] * second[1] - first[1] * second[0], float(first @ second))


def hermite(start: Vector, departing: Vector, end: Vector, arriving: Vector) -> Points:
    """The cubic from ``start`` to ``end`` along two unit directions, two points a pixel of their distance.

    Its speed at the ends grows with the turns there, so that an arc comes near to a circle's.
    """
    chord = end - start
    length = float(np.linalg.norm(chord))
    turns = abs(turn(departing, chord)) + abs(turn(chord, arriving))
    speed = length * (1 + 0.075 * min(turns, 2.0) ** 2)
    u = np.linspace(0, 1, max(8, int(2 * length)))[:, None]
    return np.asarray(
        (2 * u**3 - 3 * u**2 + 1) * start
        + (u**3 - 2 * u**2 + u) * speed * departing
        + (3 * u**2 - 2 * u**3) * end
        + (u**3 - u**2) * speed * arriving
    )


def arc(start: Vector, departing: Vector, curvature: float, length: float) -> Points:
    """From ``start`` along a unit direction, turning clockwise by ``curvature`` radians a pixel; points 1 px apart."""
    along = np.arange(0, length + 0.5)
    angles = math.atan2(departing[1], departing[0]) + curvature * along
    steps = np.stack([np.cos(angles), np.sin(angles)], 1)
    return np.asarray(start + np.cumsum(steps, axis=0) - steps[0])


def lengths(points: Points) -> NDArray[np.float64]:
    """``(n,)``: how far along the curve each of its points lies."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    return np.concatenate([[0.0], np.cumsum(steps)])


def resampled(points: Points) -> Points:
    """The same curve by points that are one pixel apart."""
    along = lengths(points)
    places = np.arange(0, along[-1], 1.0)
    return np.stack([np.interp(places, along, points[:, axis]) for axis in (0, 1)], 1)


def smoothed(points: Points, sigma: float) -> Points:
    """A curve low-passed over ``sigma`` points; its ends stay where they are."""
    reach = min(max(1, math.ceil(3 * sigma)), len(points) - 1)
    if reach < 1:
        return points
    kernel = np.asarray(cv2.getGaussianKernel(2 * reach + 1, sigma))[:, 0]
    # Continued by its own mirror image through its ends, a straight line stays one
    before, after = 2 * points[0] - points[reach:0:-1], 2 * points[-1] - points[-2 : -reach - 2 : -1]
    longer = np.concatenate([before, points, after])
    return np.stack([np.convolve(longer[:, axis], kernel, "valid") for axis in (0, 1)], 1)


def tangents(points: Points) -> Points:
    """``(n, 2)`` unit vectors along the curve."""
    steps = np.gradient(points, axis=0)
    return np.asarray(steps / np.maximum(np.linalg.norm(steps, axis=1, keepdims=True), 1e-9))


def normals(along: Points) -> Points:
    """The unit vectors a quarter turn clockwise, as seen, of ``along (n, 2)``."""
    return np.stack([-along[:, 1], along[:, 0]], 1)


def cross(first: Points, second: Points) -> bool:
    """Whether two curves meet; looked at in steps of three points."""
    a, b = first[::3], second[::3]
    if len(a) < 2 or len(b) < 2:
        return False
    start, step = a[:-1, None], np.diff(a, axis=0)[:, None]
    other, other_step = b[None, :-1], np.diff(b, axis=0)[None]

    def area(u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0])

    whole = area(step, other_step)
    whole = np.where(np.abs(whole) < 1e-9, 1e-9, whole)
    t, s = area(other - start, other_step) / whole, area(other - start, step) / whole
    return bool(((t > 0) & (t < 1) & (s > 0) & (s < 1)).any())
