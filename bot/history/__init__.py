"""The history of the cluster's health, from which trends are told."""
