"""Slash commands: one cog a group, and the controls under their answers."""
