"""Models from elsewhere: which there are, how they are fetched, checked and kept. No torch, save in ``importing``."""
