"""Undo: what an edit changed, and the steps back and forth."""
