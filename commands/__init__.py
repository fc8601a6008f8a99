"""Slash commands: one folder for each group, and the controls under their answers."""
