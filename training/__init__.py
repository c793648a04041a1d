"""How the models are trained. No Qt; may import :mod:`inference`, never :mod:`app`."""
