"""Losses: distillation (the paper's), perceptual terms, and pictures'."""
