"""One request from a pod or a node, step by step."""
