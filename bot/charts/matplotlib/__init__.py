"""Draws pictures, in a process of its own: what it loads would stay in the bot's memory."""
