"""Opening, saving, exporting, the clipboard, and dragging the picture out."""
