"""Slash commands: one file per command or group, and what hangs on their answers."""
