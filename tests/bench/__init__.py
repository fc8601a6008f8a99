"""How fast and how lean: `make bench`. Ratios of one run, not timed tests."""
