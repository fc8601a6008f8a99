"""Health history, recorded every five minutes: trends for digests and `/digest history`."""
