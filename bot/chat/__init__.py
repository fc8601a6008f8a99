"""The Discord client: interactions, replies, and who may ask what."""
