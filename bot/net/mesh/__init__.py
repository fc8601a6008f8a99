"""The network between nodes: the matrix, and the agents' background rounds."""
