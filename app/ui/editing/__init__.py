"""The open document in the window: its history, its changes, and what may change it now."""
