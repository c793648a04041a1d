"""Photographs into one file small enough to travel to where a graphics card is: a tar of JPEGs."""

from __future__ import annotations

import io
import tarfile

import cv2
import numpy as np

from training.config import PackConfig
from training.layouts.pictures import held_out, read_files

SMALLEST = 256  # pixels of the shorter side: what is smaller has no layout


def pack(config: PackConfig) -> int:
    """Write ``config.out``; returns how many pictures it holds.

    The photographs held out are not among them. Raises ``ValueError`` where there is none.
    """
    count, partial = 0, config.out.with_suffix(".partial")
    config.out.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(partial, "w") as tar:
        for name, data in read_files(config.photos, held_out()):
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
            if image is None or min(image.shape[:2]) < SMALLEST:
                print(f"skipped {name}")
                continue
            scale = config.side / min(image.shape[:2])
            if scale < 1:
                image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, config.quality])[1].tobytes()
            entry = tarfile.TarInfo(f"{count:05d}-{name.rpartition('.')[0]}.jpg")
            entry.size = len(packed)
            tar.addfile(entry, io.BytesIO(packed))
            count += 1
    if not count:
        partial.unlink()
        raise ValueError(f"there is no photograph to pack in {config.photos}")
    partial.replace(config.out)
    print(f"{count} pictures, {config.out.stat().st_size / 1e6:.1f} MB")
    return count
