"""A health report as JSON and as files to export."""
