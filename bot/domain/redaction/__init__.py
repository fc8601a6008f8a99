"""Keeping secrets out of messages, logs and errors."""
