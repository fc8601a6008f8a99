"""Alerts: one message for each incident, and what silences it."""
