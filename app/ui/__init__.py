"""The window around the canvas: panels, actions, dialogs. No torch."""
