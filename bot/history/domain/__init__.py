"""The last weeks: the health of each area by the hour, incidents, and the uptime of sites."""
