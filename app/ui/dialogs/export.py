"""The export dialog: format, quality, depth and colours where there is a choice, and how large the file will be."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QDialogButtonBox, QFormLayout, QLabel, QVBoxLayout, QWidget

from app.document.formats import EXACT, KINDS, QUALITY, SAVE_FORMATS, Export, estimate, lost_features
from app.document.pixels import PLAIN_GREY, Picture, colours_of
from app.ui.support import Background, ComboBox, NumberSlider

NOTES = {
    "PNG": "Keeps every pixel exactly.",
    "JPEG": "Small files for photographs; every program opens them.",
    "WEBP": "Smaller than JPEG at the same quality. At 100 it keeps every pixel exactly.",
    "TIFF": "Keeps every pixel exactly; for print and other programs.",
    "BMP": "Uncompressed, for old programs.",
    "AVIF": "The smallest files, for recent programs; takes long to write.",
    "HEIF": "Small files, as phones make them.",
}
_LAYERED = "layers/"  # before the kind, in the list of formats
_LAYERS = (("OpenRaster with layers", "ORA"), ("Photoshop with layers", "PSD"), ("TIFF with three pages", "TIFF"))
_LAYERS_NOTE = "The result over the original, with the mask of what changed: who has the file sees the original, too."
_WAIT_MS = 150  # after a change: sliders change often


class ExportDialog(QDialog):
    """Asks how; where to put the file is asked afterwards."""

    def __init__(
        self, parent: QWidget | None, picture: Picture, background: Background, format_name: str, quality: int
    ) -> None:
        """``background`` is where the size is found out; ``picture`` is read there while the dialog is open."""
        super().__init__(parent)
        self.setWindowTitle("Export")
        self.setMinimumWidth(420)
        self._picture, self._background = picture, background
        self._asked = 0  # the newest question; older ones are given up
        self._timer = QTimer(self, interval=_WAIT_MS, singleShot=True)
        self._timer.timeout.connect(self._estimate)
        self.content = self._choice("Picture", ("The result", False), ("Before and after, side by side", True))
        self.format = self._choice("Format", *((KINDS[name].title, name) for name in SAVE_FORMATS))
        for title, name in _LAYERS:
            self.format.addItem(title, f"{_LAYERED}{name}")
        self.note = QLabel()
        self.note.setObjectName("faint")
        self.note.setWordWrap(True)
        self.quality = NumberSlider("Quality", 1, 100, tip="Higher looks better and takes more space")
        self.quality.set_value(quality)
        self.like = QCheckBox("Compress like the original")
        self.like.setToolTip("With the very tables of the JPEG that was opened")
        self.like.setChecked(picture.jpeg is not None)
        self.bits = self._choice("Bits per channel", ("16, as the original", 16), ("8", 8))
        self.colours = self._choice("Colours", ("Keep the colour profile", False), ("Convert to sRGB", True))
        self.size_line = QLabel()
        self.size_line.setAccessibleName("Size of the file")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        export = buttons.addButton("Export…", QDialogButtonBox.ButtonRole.AcceptRole)
        export.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._form = form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(10)
        form.addRow("Format", self.format)
        form.addRow("Bits per channel", self.bits)
        form.addRow("Colours", self.colours)
        form.addRow("Picture", self.content)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        column.addLayout(form)
        column.addWidget(self.like)
        column.addWidget(self.quality)
        column.addWidget(self.note)
        column.addStretch(1)
        column.addWidget(self.size_line)
        column.addWidget(buttons)
        self.format.setCurrentIndex(max(0, self.format.findData(format_name)))
        for box in (self.content, self.format, self.bits, self.colours):
            box.currentIndexChanged.connect(self._on_change)
        self.like.toggled.connect(self._on_change)
        self.quality.valueChanged.connect(self._on_change)
        self._on_change()

    @property
    def format_name(self) -> str:
        """Pillow's name of the format chosen."""
        return str(self.format.currentData())

    @property
    def quality_chosen(self) -> int:
        """1 to 100."""
        return round(self.quality.value)

    @property
    def chosen(self) -> Export:
        """Everything chosen."""
        if self.format_name.startswith(_LAYERED):
            return Export(self.format_name.removeprefix(_LAYERED), depth=self._picture.depth, layers=True)
        kind = KINDS[self.format_name]
        like = self.format_name == "JPEG" and self._picture.jpeg is not None and self.like.isChecked()
        return Export(
            self.format_name,
            self.quality_chosen if kind.quality and not like else None if like else QUALITY,
            int(self.bits.currentData()) if kind.deep and self._picture.depth == 16 else 8,
            bool(self.colours.currentData()),
            bool(self.content.currentData()),
        )

    def done(self, result: int) -> None:
        self._asked += 1  # what is being found out is not wanted any more
        self._timer.stop()
        super().done(result)

    @Slot()
    def _on_change(self) -> None:
        name, picture = self.format_name, self._picture
        layers = name.startswith(_LAYERED)
        self._form.setRowVisible(self.content, not layers)
        self._form.setRowVisible(self.colours, not layers and colours_of(picture) not in (None, PLAIN_GREY))
        if layers:
            self._form.setRowVisible(self.bits, False)
            self.like.setVisible(False)
            self.quality.setEnabled(False)
            self.note.setText(_LAYERS_NOTE)
            self._asked += 1
            self._timer.stop()
            self.size_line.setText("")
            return
        kind, export = KINDS[name], self.chosen
        deep = kind.deep and picture.depth == 16 and not export.srgb
        self._form.setRowVisible(self.bits, deep)
        self.like.setVisible(name == "JPEG" and picture.jpeg is not None)
        self.quality.setEnabled(kind.quality and not (self.like.isVisibleTo(self) and self.like.isChecked()))
        lost = lost_features(picture, name, depth=8 if export.srgb else export.depth)
        more = f"{', and '.join(lost)}." if lost else ""
        self.note.setText(f"{NOTES[name]} {more[:1].upper()}{more[1:]}".strip())
        self._asked += 1
        self.size_line.setText("Size: …")
        self._timer.start()

    @Slot()
    def _estimate(self) -> None:
        number, export, picture = self._asked, self.chosen, self._picture

        def done(size: int | None) -> None:
            if number == self._asked and size is not None:
                about = "about " if export.both or picture.width * picture.height > EXACT else ""
                self.size_line.setText(f"Size: {about}{size_text(size)}")

        def failed(error: Exception) -> None:
            if number == self._asked:
                self.size_line.setText(f"{str(error) or 'The size cannot be told.'}")

        self._background.run(lambda: estimate(picture, export, lambda: number != self._asked), done, failed)

    @staticmethod
    def _choice(name: str, *choices: tuple[str, object]) -> QComboBox:
        box = ComboBox()
        box.setAccessibleName(name)
        for text, data in choices:
            box.addItem(text, data)
        return box


def size_text(size: int) -> str:
    """Bytes as people write them: "3.4 MB"."""
    if size < 1000:
        return f"{size} bytes"
    for unit, scale in (("kB", 1e3), ("MB", 1e6), ("GB", 1e9)):
        value = size / scale
        if value < 999.5 or unit == "GB":
            return f"{value:.1f} {unit}" if value < 99.95 else f"{value:.0f} {unit}"
    return ""
