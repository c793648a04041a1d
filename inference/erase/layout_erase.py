"""Erasing by a layout: what belongs in the hole is denoised coarsely, then texture is copied to fit it.

The layout forms in the model's square (:mod:`inference.layout`), from pure noise, with two fills of it as hints. Guided
synthesis (:mod:`inference.fill.guided`) then works at the picture's own resolution.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from inference.erase.model_io import NOT_FINITE, Decoded, Float, Square
from inference.errors import NotFiniteError
from inference.fill.guided import energy_of_cells, synthesize
from inference.layout import (
    CELLS,
    CHANNELS,
    PIXELS,
    condition_of,
    edge_fill,
    fold,
    layout_of,
    measure,
    patch_fill_layouts,
)
from inference.models import EraseSettings, Model
from inference.runtime import Check
from inference.sampling import Step, ddim, denoise

SIDE = CELLS * PIXELS  # pixels of the square a layout is measured in
TEXTURE_STEPS = 4  # that synthesis counts as in an erase's progress


@dataclass(frozen=True)
class Guide:
    """What synthesis is to fit, on the square's cells."""

    colours: Float  # (64, 64, 3) 0..255
    energy: Float  # (64, 64) -1..1, as in a layout
    trust: Float  # (64, 64) 0..1


def as_picture(layout: Tensor) -> Float:
    """``(1, 4, 64, 64)`` -> ``(SIDE, SIDE, 3)`` 0..255: the layout's colours, enlarged."""
    shades = F.interpolate(layout[:, :3], (SIDE, SIDE), mode="bicubic", align_corners=False)
    values = (shades[0].permute(1, 2, 0).clamp(-1, 1) + 1) * 127.5
    return np.asarray(values.float().cpu().numpy(), dtype=np.float32)


class LayoutDenoiser:
    """Denoises the layout of one square."""

    def __init__(
        self, model: Model, device: torch.device, settings: EraseSettings, generator: torch.Generator, check: Check
    ) -> None:
        self.model, self.device, self.settings = model, device, settings
        self.generator, self.check = generator, check

    @torch.inference_mode()
    def run(
        self, square: Square, on_draft: Callable[[Decoded], None], on_step: Callable[[int, Decoded], None]
    ) -> Guide:
        """``square``: sides of ``SIDE`` pixels; ``on_draft`` is given the fill along edges, ``on_step`` each step's x0.

        Both may raise to stop. Raises :class:`NotFiniteError` where a value is not finite.
        """
        picture, hole = (self._tensor(values) for values in (square.picture, square.hole[..., None]))
        layout, holes = measure(picture, hole)
        if not (holes < 1).any():  # no cell is known for the most part: those that have known pixels tell what they can
            holes = (F.avg_pool2d(hole, PIXELS) == 1).float()
        edges = edge_fill(layout, holes)
        on_draft(Decoded(as_picture(edges), None))
        self.check()
        patches = patch_fill_layouts(layout, holes, edges)
        self.check()
        network = self.model.unet
        factor = CELLS // network.config.grid

        def shown(latents: Tensor) -> Tensor:
            if not torch.isfinite(latents).all():
                raise NotFiniteError(f"{self.model.folder.path}: {NOT_FINITE}")
            return layout_of(latents.float(), holes, edges, patches, factor)

        def report(step: Step) -> None:
            on_step(step.index, Decoded(as_picture(shown(step.x0)), None))

        inside = fold(holes.expand(-1, CHANNELS, -1, -1), factor)
        start = torch.zeros_like(inside)
        scheduler = ddim({**self.model.folder.schedule, "timestep_spacing": "trailing"})
        scheduler.set_timesteps(self.settings.steps)
        latents = denoise(
            network,
            scheduler,
            scheduler.timesteps,
            start=start,
            noise=self.settings.temperature * torch.randn(start.shape, generator=self.generator).to(self.device),
            hole=inside,
            known=start,
            condition=condition_of(layout, holes, edges, patches, factor),
            guidance=self.settings.guidance,
            solver=self.settings.solver,
            guidance_until=self.settings.guidance_until,
            keep=start,
            on_step=report,
        )
        made = shown(latents)
        colours = ((made[0, :3].permute(1, 2, 0) + 1) * 127.5).cpu().numpy().astype(np.float32)
        trust = np.ones((CELLS, CELLS), np.float32)
        return Guide(colours, made[0, 3].cpu().numpy().astype(np.float32), trust)

    def _tensor(self, values: NDArray[np.generic]) -> Tensor:
        """``(H, W, C)`` -> ``(1, C, H, W)`` float32 on the device."""
        tensor = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
        return tensor.permute(2, 0, 1)[None].contiguous().to(self.device)


def cropped(cells: Float, square: tuple[int, int, int], inside: tuple[int, int, int, int]) -> Float:
    """The cells of a square ``(x, y, side)`` that lie in the box ``inside``, both in picture pixels; at least one."""
    x, y, side = square
    x0, y0, x1, y1 = inside
    if (x0, y0, x1 - x0, y1 - y0) == (x, y, side, side):
        return cells
    scale = len(cells) / side
    width, height = max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale))
    # From the middles of the new cells to places in the old ones
    step_x, step_y = (x1 - x0) * scale / width, (y1 - y0) * scale / height
    matrix = np.array(
        [
            [step_x, 0, (x0 - x) * scale + step_x / 2 - 0.5],
            [0, step_y, (y0 - y) * scale + step_y / 2 - 0.5],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    made = cv2.warpAffine(cells, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(made, dtype=np.float32)


def with_texture(
    view: NDArray[np.uint8],
    hole: NDArray[np.bool_],
    source: NDArray[np.bool_] | None,
    guide: Guide,
    square: tuple[int, int, int],
    inside: tuple[int, int, int, int],
    *,
    seed: int,
    check: Check,
    on_preview: Callable[[NDArray[np.uint8]], None],
    device: torch.device,
) -> NDArray[np.uint8]:
    """``view (H, W, 3)``, the box ``inside`` of the picture, its ``hole`` filled with texture that fits the guide.

    ``square``: ``(x, y, side)`` of what the guide is of, which holds the hole; the box may reach beyond it.
    ``source (H, W)``: where to copy from, None: everywhere.
    """
    colours, trust = cropped(guide.colours, square, inside), cropped(guide.trust, square, inside)
    own = (cropped(guide.energy, square, inside) + 1) * 127.5 + _energy_offset(view, hole, guide, square, inside)
    return np.asarray(
        synthesize(
            view,
            hole,
            colours,
            energy=np.clip(own, 0, 255).astype(np.float32),
            trust=np.clip(trust, 0, 1),
            source=source,
            seed=seed,
            check=check,
            on_preview=on_preview,
            device=device,
        ),
        dtype=np.uint8,
    )


def _energy_offset(
    view: NDArray[np.uint8],
    hole: NDArray[np.bool_],
    guide: Guide,
    square: tuple[int, int, int],
    inside: tuple[int, int, int, int],
) -> float:
    """How much more energy the picture has than the guide where both are known: it is larger than the square."""
    (x, y, side), (x0, y0, x1, y1) = square, inside
    near = max(x, x0), max(y, y0), min(x + side, x1), min(y + side, y1)
    part = slice(near[1] - y0, near[3] - y0), slice(near[0] - x0, near[2] - x0)
    own = (cropped(guide.energy, square, near) + 1) * 127.5
    seen, told = energy_of_cells(view[part].astype(np.float32), ~hole[part], (own.shape[0], own.shape[1]))
    known = told > 0.99
    return float((seen - own)[known].mean()) if known.any() else 0.0
