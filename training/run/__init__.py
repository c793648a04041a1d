"""A training while it runs: the loop, optimizers, checkpoints, progress, curves."""
