"""The evaluation form of the U-Nets: the same functions, arranged to be quick."""
