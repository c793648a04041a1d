"""Plain, slow forms of what the packages do fast: what they are tested and measured against."""
