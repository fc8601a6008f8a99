"""The only importer of `kubernetes`: connecting, reading, watching."""
