"""The bot on a laptop: a simulated Discord in the browser, and a simulated homelab behind it."""

import logging

# simcord makes a client without intents when it is imported, and discord.py warns of it.
logging.getLogger("discord.state").addFilter(lambda record: "intent" not in record.getMessage())
