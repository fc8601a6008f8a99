"""Pictures: what one shows as data, and the process that draws it."""
