"""The networks: the student and its layers, the teacher, the autoencoder, and their configurations."""
