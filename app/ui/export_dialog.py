"""How to export: format, and quality where the format has one."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QLabel, QVBoxLayout, QWidget

from app.ui.dialogs import format_title
from app.ui.widgets import NumberSlider

FORMATS = {
    "PNG": "Keeps every pixel exactly.",
    "JPEG": "Small files for photographs. Transparent parts become white.",
    "WEBP": "Smaller than JPEG at the same quality. At 100 it keeps every pixel exactly.",
    "TIFF": "Keeps every pixel exactly; for print and other programs.",
}
_WITH_QUALITY = ("JPEG", "WEBP")


class ExportDialog(QDialog):
    """Asks for the format; where to put the file is asked afterwards."""

    def __init__(self, parent: QWidget | None, format_name: str, quality: int) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export")
        self.setMinimumWidth(400)
        self.format = QComboBox()
        self.format.setAccessibleName("Format")
        for name in FORMATS:
            self.format.addItem(format_title(name), name)
        self.note = QLabel()
        self.note.setObjectName("faint")
        self.note.setWordWrap(True)
        self.quality = NumberSlider("Quality", 1, 100, tip="Higher looks better and takes more space")
        self.quality.set_value(quality)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        export = buttons.addButton("Export…", QDialogButtonBox.ButtonRole.AcceptRole)
        export.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.addRow("Format", self.format)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        column.addLayout(form)
        column.addWidget(self.note)
        column.addWidget(self.quality)
        column.addStretch(1)
        column.addWidget(buttons)
        self.format.currentIndexChanged.connect(self._on_format)
        self.format.setCurrentIndex(max(0, self.format.findData(format_name)))
        self._on_format()

    @property
    def format_name(self) -> str:
        """Pillow's name of the format chosen."""
        return str(self.format.currentData())

    @property
    def quality_chosen(self) -> int:
        """1 to 100."""
        return round(self.quality.value)

    @Slot()
    def _on_format(self) -> None:
        self.note.setText(FORMATS[self.format_name])
        self.quality.setEnabled(self.format_name in _WITH_QUALITY)
