"""What every part of the window uses: settings, theme, widgets, messages, background work, the log."""

from __future__ import annotations

from app.ui.support import settings, theme
from app.ui.support.async_loop import Tasks, event_loop
from app.ui.support.background import Background
from app.ui.support.engine_api import Engine
from app.ui.support.garbage_collection import Collector
from app.ui.support.log import LOG, Logging, log_file, log_folder
from app.ui.support.messages import Level, Message, Messages, Offer
from app.ui.support.redaction import redact
from app.ui.support.services import Services
from app.ui.support.settings import Setting, Settings
from app.ui.support.thumbnails import draw_result, draw_sample, sample
from app.ui.support.wheel import ComboBox, SpinBox
from app.ui.support.widgets import ColourButton, Fold, NumberSlider, check

__all__ = [
    "LOG",
    "Background",
    "Collector",
    "ColourButton",
    "ComboBox",
    "Engine",
    "Fold",
    "Level",
    "Logging",
    "Message",
    "Messages",
    "NumberSlider",
    "Offer",
    "Services",
    "Setting",
    "Settings",
    "SpinBox",
    "Tasks",
    "check",
    "draw_result",
    "draw_sample",
    "event_loop",
    "log_file",
    "log_folder",
    "redact",
    "sample",
    "settings",
    "theme",
]
