"""Where everything in the window lies."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from app.ui.commands.actions import Actions
from app.ui.panels.tool_strip import ToolStrip


def central(
    do: Actions,
    stack: QStackedWidget,
    welcome: QWidget,
    view: QWidget,
    banner: QWidget,
    panel: QWidget,
    status: QWidget,
) -> QWidget:
    """Tools at the left, the panel at the right, between them the picture (or the welcome), below the status."""
    strip = ToolStrip(
        [
            list(do.tools.values()),
            [do.undo, do.redo, do.clear_mask, do.invert_mask],
            [do.zoom_in, do.zoom_out, do.fit, do.before, do.split],
        ]
    )
    stack.addWidget(welcome)
    stack.addWidget(view)
    middle, row = QGridLayout(), QHBoxLayout()
    for layout in (middle, row):
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
    # The banner lies over the canvas: were it beside it, a message would move the picture under the brush.
    middle.addWidget(stack, 0, 0)
    middle.addWidget(banner, 0, 0, Qt.AlignmentFlag.AlignTop)
    banner.raise_()
    row.addWidget(strip)
    row.addLayout(middle, 1)
    row.addWidget(panel)
    root = QWidget()
    outer = QVBoxLayout(root)
    outer.setContentsMargins(0, 0, 0, 0)
    outer.setSpacing(0)
    outer.addLayout(row, 1)
    outer.addWidget(status)
    return root
