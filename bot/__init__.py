"""meshmedic: evidence before prescription."""

__version__ = "0.1.0"
