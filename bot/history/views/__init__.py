"""The history as a picture."""
