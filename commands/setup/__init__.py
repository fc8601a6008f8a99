"""`/setup`: channels and the time zone, chosen in Discord."""
