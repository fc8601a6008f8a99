"""What the process runs on: the scheduler, the HTTP server, a store in memory."""
