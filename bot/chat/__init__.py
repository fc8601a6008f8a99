"""The Discord client: connection, interactions, replies and permission checks."""
