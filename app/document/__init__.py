"""The picture being edited: pixels, mask, edits and file formats, without any window."""
