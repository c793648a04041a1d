"""The networks in training: built, first weights, shared norms, gradient checkpointing."""
