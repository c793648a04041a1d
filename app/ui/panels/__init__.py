"""The panels: options, history, tools, the erase button, the status line."""
