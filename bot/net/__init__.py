"""`/net`: probes, the diagnosis of a route, the mesh between nodes, network tools."""
