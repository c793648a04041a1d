"""From a picture to the pixels of the screen."""
