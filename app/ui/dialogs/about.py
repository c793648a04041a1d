"""The dialog about the program."""

from __future__ import annotations

from PySide6.QtWidgets import QMessageBox, QWidget

from app.version import program_version

_ABOUT = """<h3>Moebius {version}</h3>
<p>Brush over a thing in a photo and it is gone. Everything happens on this computer;
no picture leaves it.</p>
<p>Free software under the Apache License 2.0. Icons: Lucide (ISC).</p>"""


def show_about(parent: QWidget) -> None:
    """Who this is."""
    QMessageBox.about(parent, "About Moebius", _ABOUT.format(version=program_version()))
