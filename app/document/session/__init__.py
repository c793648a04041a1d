"""Sessions: a document and its history on disk, while it is edited and as a file."""
