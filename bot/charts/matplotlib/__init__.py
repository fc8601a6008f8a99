"""Draws pictures in a child process, since the library would stay in the bot's memory."""
