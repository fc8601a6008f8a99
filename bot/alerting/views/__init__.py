"""Incidents, their threads and the board as people see them."""
