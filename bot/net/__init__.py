"""Connectivity: what is asked of the network, what was seen, and what follows from it."""
