"""Picture files: reading and writing every format, with what it holds beside the pixels."""
