"""The bot on a laptop, in a simulated Discord in the browser, with a simulated homelab."""

import logging

# simcord makes a client without intents when it is imported, and discord.py warns of it.
logging.getLogger("discord.state").addFilter(lambda record: "intent" not in record.getMessage())
