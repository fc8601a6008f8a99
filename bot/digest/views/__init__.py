"""A digest as text, in Discord, in the terminal and as JSON."""
