"""Holds the locked requirements against a database of advisories."""
