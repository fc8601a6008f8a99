"""Faults of the cluster, of Discord and of the process, each with a figure: `make faults`."""
