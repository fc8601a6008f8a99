"""The cards of `/setup` and of the bot's first message."""
