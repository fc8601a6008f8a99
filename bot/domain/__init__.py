"""The pure core: objects in, verdicts out. No Discord, Kubernetes client, clock or logging."""
