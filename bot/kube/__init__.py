"""The only importer of `kubernetes`: one adapter for each port of the capabilities."""
