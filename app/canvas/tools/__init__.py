"""The tools: what pressing, dragging and letting go does."""
