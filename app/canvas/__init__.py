"""The canvas: shows a document, paints its mask. No torch, no inference."""
