"""Fills compared on pictures whose truth is known."""
