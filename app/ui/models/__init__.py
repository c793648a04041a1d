"""The models: which there are, getting them, and choosing one."""

from __future__ import annotations

from app.ui.models.controller import ModelsController
from app.ui.models.library import ModelLibrary

__all__ = [
    "ModelLibrary",
    "ModelsController",
]
