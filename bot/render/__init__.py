"""One room for each way of showing: discord, terminal, JSON. Total: truncating, never raising."""
