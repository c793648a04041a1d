"""The erase pipeline: from a picture and a mask to regions, squares, tiles and the result in the picture."""
