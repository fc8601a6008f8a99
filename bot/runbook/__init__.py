"""The documented runbook."""
