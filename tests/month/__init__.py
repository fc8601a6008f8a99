"""A simulated month of alerts, through the real use case."""
