"""Training data: photographs, masks, samples and batches of them."""
