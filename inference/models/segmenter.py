"""Segmenters: models that answer a click or a box with the mask of the object there. An optional engine.

SAM 2.1 (Ravi et al., "SAM 2: Segment Anything in Images and Videos", 2024) as ``transformers`` has it, which is
imported only where such a model is loaded.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from inference.errors import ModelError, out_of_memory
from inference.models.catalogue import read_json
from inference.models.folders import is_segmenter
from inference.runtime import how_to_add

Point: TypeAlias = tuple[float, float]

_PARTS = ("vision_config", "prompt_encoder_config", "mask_decoder_config")
# Of ImageNet, as it was trained with
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_STD = np.array([0.229, 0.224, 0.225], np.float32)


class Segmenter(Protocol):
    """What the engine needs of such a model. An embedding is made once a picture and serves every prompt."""

    def embed(self, rgb: NDArray[np.uint8]) -> Any:
        """The embedding of a picture (H, W, 3), of any size."""

    def segment(self, embedding: Any, points: tuple[Point, ...], *, box: bool) -> NDArray[np.float32]:
        """Logits (h, w) over the whole picture, above 0 where the object is.

        ``points`` are shares (0 to 1) of the picture's width and height: positions on the object, or two opposite
        corners of a ``box`` around it.
        """


@dataclass(frozen=True)
class Sam2:
    """A loaded SAM 2 or 2.1."""

    network: Any  # transformers.Sam2Model
    side: int  # px: pictures are brought to this square
    device: torch.device

    def embed(self, rgb: NDArray[np.uint8]) -> list[torch.Tensor]:
        method = cv2.INTER_AREA if min(rgb.shape[:2]) > self.side else cv2.INTER_LINEAR
        square = np.asarray(cv2.resize(rgb, (self.side, self.side), interpolation=method), np.float32) / 255
        values = (square - _MEAN) / _STD
        pixels = torch.from_numpy(values).permute(2, 0, 1)[None].contiguous().to(self.device)  # (1, 3, S, S)
        with torch.no_grad():
            return list(self.network.get_image_embeddings(pixels))

    def segment(self, embedding: list[torch.Tensor], points: tuple[Point, ...], *, box: bool) -> NDArray[np.float32]:
        places = torch.tensor(points, dtype=torch.float32, device=self.device) * self.side  # (N, 2)
        prompt: dict[str, torch.Tensor] = {}
        if box:
            low, high = places.min(dim=0).values, places.max(dim=0).values
            prompt["input_boxes"] = torch.cat([low, high])[None, None]  # (1, 1, 4)
        else:
            prompt["input_points"] = places[None, None]  # (1, 1, N, 2)
            prompt["input_labels"] = torch.ones(1, 1, len(points), dtype=torch.int32, device=self.device)
        with torch.no_grad():
            # A point may mean a part or the whole: of its three answers the one rated best. A box means one thing.
            answer = self.network(image_embeddings=embedding, multimask_output=not box, **prompt)
        best = int(answer.iou_scores[0, 0].argmax())
        logits = answer.pred_masks[0, 0, best].float().cpu().numpy()  # (S / 4, S / 4)
        return np.ascontiguousarray(logits, np.float32)


def load_segmenter(path: Path, device: torch.device) -> Segmenter:
    """Load a SAM 2 folder of ``transformers`` form, in float32.

    Raises :class:`ModelError` where the package is missing or the folder is damaged.
    """
    if importlib.util.find_spec("transformers") is None:
        raise ModelError(f"Selecting with a model needs a package that is not installed: {how_to_add('sam')}")
    if not is_segmenter(path):
        raise ModelError(f"{path} holds no model of the SAM 2 family.")
    from transformers import Sam2Config, Sam2Model
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()

    try:
        # Its parts alone: the published folders describe the model for films, of which this is a part.
        values = read_json(path / "config.json")
        config = Sam2Config(**{key: values[key] for key in _PARTS if key in values})
        network = Sam2Model.from_pretrained(path, config=config, local_files_only=True, use_safetensors=True)
    except Exception as error:  # readers meet damaged folders with every kind of exception
        if out_of_memory(error):
            raise
        text = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise ModelError(f"{path} is damaged or incomplete; download it again. {text}") from error
    side = int(config.vision_config.backbone_config.image_size[0])
    return Sam2(network.requires_grad_(False).eval().to(device), side, device)
