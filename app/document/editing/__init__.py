"""The document: a picture with its mask, and every way to change them."""
