"""What every part of the window uses: settings, theme, widgets, messages, background work, the log."""
