"""Dialogs: questions, export, preferences, shortcuts."""
