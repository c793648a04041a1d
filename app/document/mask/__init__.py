"""What is painted: brush, strokes, shapes, and growing, shrinking and softening them."""
