"""Pins images and actions of others by digest, through `deploy/pins.toml`."""
