"""Mouse, pen, fingers and wheel, made into pointers."""
