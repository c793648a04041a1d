"""The engine: one thread for all of torch, and the controller the window talks to."""
