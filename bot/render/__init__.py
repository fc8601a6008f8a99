"""Shared helpers for cards, text, terminal and JSON. They truncate, and never raise."""
