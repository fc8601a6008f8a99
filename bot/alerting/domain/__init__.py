"""Which findings become incidents, when they begin and end, and what is said of them."""
