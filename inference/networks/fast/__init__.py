"""The evaluation form of the U-Nets: the same functions, arranged to be quick."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.lazy import lookup

if TYPE_CHECKING:
    from inference.networks.fast.evaluation import DeepFeatures, EvaluationUNet
    from inference.networks.fast.graphs import GraphedUNet
    from inference.networks.fast.operators import in_products, pack_products
    from inference.networks.fast.quantised import can_quantise, quantise

__all__ = [
    "DeepFeatures",
    "EvaluationUNet",
    "GraphedUNet",
    "can_quantise",
    "in_products",
    "pack_products",
    "quantise",
]

_HOMES = {
    "graphs": ("GraphedUNet",),
    "evaluation": (
        "DeepFeatures",
        "EvaluationUNet",
    ),
    "operators": (
        "in_products",
        "pack_products",
    ),
    "quantised": (
        "can_quantise",
        "quantise",
    ),
}

__getattr__ = lookup(__name__, _HOMES)
