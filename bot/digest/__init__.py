"""Digests: what changed since the last one, their schedules and delivery."""
