"""Health history and uptime, recorded every five minutes, for digests and `/digest history`."""
