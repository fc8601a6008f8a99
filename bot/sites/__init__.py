"""`/sites`: which hosts answer, by evidence that is there already; it makes no request."""
