"""What the process runs on: scheduler, HTTP server, in-memory store."""
