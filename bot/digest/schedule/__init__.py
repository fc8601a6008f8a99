"""When a digest is due: times of day, days of the week, and cron."""
