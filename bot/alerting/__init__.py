"""Alerts: one message for each incident, and the silences that stop them."""
