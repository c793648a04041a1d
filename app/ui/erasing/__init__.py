"""An erase in the window: begun, watched, chosen from, kept or given up."""
