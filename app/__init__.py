"""The Moebius desktop application: document, engine, canvas, user interface."""
