"""`/net`: where a route breaks, what gets from node to node, one request, and tools."""
