"""The health of each area over the last weeks: hourly points and incidents."""
