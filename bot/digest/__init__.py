"""Digests: what changed since the last one, and when each is due."""
