"""Fills without a network: smooth, by flow, by copied patches, at any size."""
