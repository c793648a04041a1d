"""Pixels: pictures in memory, boxes of them, their colours, and how they are stored."""
