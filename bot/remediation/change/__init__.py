"""One change of the cluster, from its proposal to its end: pure, and held by the kind `Change`."""
