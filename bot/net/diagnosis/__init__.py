"""Where a route breaks: what is tested, what was observed, and what follows from it."""
