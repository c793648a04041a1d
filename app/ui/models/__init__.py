"""The models: which there are, getting them, and choosing one."""
