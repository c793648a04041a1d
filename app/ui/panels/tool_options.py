"""The options of the tool that is chosen, and of the mask's look."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from app.canvas.tools import RetouchOptions, Tool
from app.document.editing import Mark
from app.document.mask import MAX_SIZE, MIN_SIZE, Brush
from app.ui.support import ColourButton, Fold, NumberSlider, check

_NOTES = {
    Tool.LASSO: "Draw around what should go, or click its corners and press Enter. Alt takes away.",
    Tool.RECTANGLE: "Drag a rectangle. Shift makes it a square, Alt takes away.",
    Tool.SIMILAR: "Click a colour. Shift selects it everywhere, Alt takes away.",
    Tool.OBJECT: (
        "Brush roughly over a thing, a little wider than it is, or circle it; Shift drags a box. Another stroke adds, "
        "with Alt it takes away. Enter masks what is found, Backspace takes a stroke back, Esc gives up."
    ),
    Tool.SAMPLE: "Paint over what a fill may copy from; with nothing marked it copies from anywhere. Alt takes away.",
    Tool.CLONE: "Ctrl+click where to copy from, then paint. A cross shows what is copied.",
    Tool.HEAL: "Ctrl+click texture to copy, then paint: it takes on the colours of its place.",
    Tool.LINE: (
        "Click along a wire, a mast or a crack; its width is found. Shift goes straight, Alt takes away. Enter or a "
        "double click masks it, Backspace takes a point back, Esc gives up."
    ),
    Tool.PAN: "Drag to move the picture, the wheel zooms.",
}


class ToolOptions(Fold):
    """Shows only what the tool chosen needs."""

    brushEdited = Signal(object)  # Brush
    similarEdited = Signal(int, bool)  # tolerance, contiguous
    retouchEdited = Signal(object)  # RetouchOptions
    markEdited = Signal(object)  # Mark
    sourceAsked = Signal()  # the next click on the picture is to place it

    def __init__(self) -> None:
        super().__init__("Brush", unfolded=True)
        self._brush = Brush(40.0)
        self.brush_size = NumberSlider(
            "Size",
            MIN_SIZE,
            MAX_SIZE,
            suffix=" px",
            logarithmic=True,
            tip="Diameter in pixels of the picture  ([ and ], or Ctrl+wheel)",
        )
        self.hardness = NumberSlider(
            "Hardness", 0, 100, step=5, suffix=" %", tip="100 %: a sharp edge. 0 %: fades from the centre."
        )
        self.stroke = Fold("Stroke and pen", inner=True)
        self.spacing = NumberSlider(
            "Spacing", 0, 200, step=5, suffix=" %", tip="Distance of the dabs in brush sizes. 0 %: without gaps."
        )
        self.smoothing = NumberSlider(
            "Smoothing", 0, 100, step=5, suffix=" %", tip="Steadies the hand: the stroke follows it more slowly"
        )
        self.pressure_size = check("Pen pressure: size", "A pen pressed harder paints wider")
        self.pressure_hardness = check("Pen pressure: hardness", "A pen pressed harder paints a harder edge")
        self.opacity = NumberSlider("Opacity", 0, 100, step=5, suffix=" %", tip="How much of the copy is seen")
        self.aligned = check("Aligned", "Later strokes keep the distance of the first; else each begins at the source")
        self.pressure_opacity = check("Pen pressure: opacity", "A pen pressed harder covers more")
        self.never = check("Never copy from here", "Strokes mark what no fill may copy, in the place of where it may")
        self.source = QPushButton("Set Source")
        self.source.setAccessibleName("Set the source of clone and heal")
        self.source.setToolTip("Then click where to copy from, with the mouse, pen or a finger  (or Ctrl+click)")
        self.source.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.tolerance = NumberSlider("Tolerance", 0, 255, tip="How far colours may differ from the one clicked")
        self.contiguous = check("Only what touches the click", "Otherwise the colour is selected everywhere")
        self.note = QLabel()
        self.note.setObjectName("faint")
        self.note.setWordWrap(True)
        for widget in (self.spacing, self.smoothing, self.pressure_size, self.pressure_hardness):
            self.stroke.column.addWidget(widget)
        self.stroke.column.addWidget(self.pressure_opacity)
        retouch = (self.opacity, self.aligned, self.source, self.never)
        for part in (self.brush_size, self.hardness, *retouch, self.stroke, self.tolerance, self.contiguous, self.note):
            self.column.addWidget(part)
        for number in (self.brush_size, self.hardness, self.spacing, self.smoothing):
            number.valueChanged.connect(self._on_brush)
        for box in (self.pressure_size, self.pressure_hardness):
            box.toggled.connect(self._on_brush)
        self.opacity.valueChanged.connect(self._on_retouch)
        for box in (self.aligned, self.pressure_opacity):
            box.toggled.connect(self._on_retouch)
        self.never.toggled.connect(lambda on: self.markEdited.emit(Mark.NEVER if on else Mark.FROM))
        self.source.clicked.connect(self.sourceAsked)
        self.tolerance.valueChanged.connect(self._on_similar)
        self.contiguous.toggled.connect(self._on_similar)
        self.show_tool(Tool.BRUSH)

    def numbers(self) -> tuple[NumberSlider, ...]:
        """The numbers that can be entered."""
        return self.brush_size, self.hardness, self.spacing, self.smoothing, self.opacity, self.tolerance

    def first(self) -> QWidget:
        """The control to begin with, by the keyboard."""
        numbers = (number.spin for number in (self.brush_size, self.tolerance) if not number.isHidden())
        return next(numbers, self.heading)

    def show_tool(self, tool: Tool) -> None:
        """Offer what ``tool`` needs."""
        self.set_title(tool.value)
        shown: dict[QWidget, bool] = dict.fromkeys((self.brush_size, self.hardness, self.stroke), tool.paints)
        shown |= dict.fromkeys((self.opacity, self.aligned, self.source, self.pressure_opacity), tool.retouches)
        shown[self.never] = tool is Tool.SAMPLE
        shown[self.brush_size] = tool.has_size
        shown |= dict.fromkeys((self.tolerance, self.contiguous), tool is Tool.SIMILAR)
        for widget, on in shown.items():
            widget.setVisible(on)
        self.note.setText(_NOTES.get(tool, ""))
        self.note.setVisible(tool in _NOTES)

    def set_brush(self, brush: Brush) -> None:
        """Show the canvas's brush."""
        self._brush = brush
        self.brush_size.set_value(brush.size)
        self.hardness.set_value(brush.hardness * 100)
        self.spacing.set_value(brush.spacing * 100)
        self.smoothing.set_value(brush.smoothing * 100)
        for box, on in (
            (self.pressure_size, brush.pressure_size),
            (self.pressure_hardness, brush.pressure_hardness),
        ):
            box.blockSignals(True)
            box.setChecked(on)
            box.blockSignals(False)

    def set_similar(self, tolerance: int, contiguous: bool) -> None:
        """Show how similar colours are selected."""
        self.tolerance.set_value(tolerance)
        self.contiguous.blockSignals(True)
        self.contiguous.setChecked(contiguous)
        self.contiguous.blockSignals(False)

    @Slot()
    def _on_brush(self) -> None:
        self._brush = replace(
            self._brush,
            size=self.brush_size.value,
            hardness=self.hardness.value / 100,
            spacing=self.spacing.value / 100,
            smoothing=self.smoothing.value / 100,
            pressure_size=self.pressure_size.isChecked(),
            pressure_hardness=self.pressure_hardness.isChecked(),
        )
        self.brushEdited.emit(self._brush)

    def set_retouch(self, options: RetouchOptions) -> None:
        """Show how clone and heal paint."""
        self.opacity.set_value(options.opacity * 100)
        for box, on in ((self.aligned, options.aligned), (self.pressure_opacity, options.pressure_opacity)):
            box.blockSignals(True)
            box.setChecked(on)
            box.blockSignals(False)

    @Slot()
    def _on_retouch(self) -> None:
        pressure, aligned = self.pressure_opacity.isChecked(), self.aligned.isChecked()
        self.retouchEdited.emit(RetouchOptions(self.opacity.value / 100, pressure, aligned))

    @Slot()
    def _on_similar(self) -> None:
        self.similarEdited.emit(round(self.tolerance.value), self.contiguous.isChecked())


class MaskOptions(Fold):
    """How the mask is drawn over the picture."""

    opacityEdited = Signal(float)  # 0 to 1

    def __init__(self) -> None:
        super().__init__("Mask overlay")
        self.opacity = NumberSlider(
            "Overlay", 0, 100, step=5, suffix=" %", tip="How much of the picture the mask hides"
        )
        self.colour = ColourButton("Colour of the mask")
        caption = QLabel("Colour")
        caption.setBuddy(self.colour)
        row = QHBoxLayout()
        row.addWidget(caption, 1)
        row.addWidget(self.colour)
        self.column.addWidget(self.opacity)
        self.column.addLayout(row)
        self.opacity.valueChanged.connect(lambda percent: self.opacityEdited.emit(percent / 100))
