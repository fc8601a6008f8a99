"""`/health` and `/why`, and the controls under a report."""
