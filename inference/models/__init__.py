"""Models on disk and in memory: the catalogue, checkpoints, devices, autoencoders, FLUX."""
