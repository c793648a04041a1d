"""Work kept safe: autosave, recovery after a crash, crash reports."""
