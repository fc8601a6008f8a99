"""What became of the health of each area over the last weeks: hourly points and incidents."""
