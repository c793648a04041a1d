"""The main window, and the program that shows it."""
