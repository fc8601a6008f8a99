"""Traefik: what it serves, and what its log and API tell."""
