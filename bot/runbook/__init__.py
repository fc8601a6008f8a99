"""`/runbook`: the pages of the homelab's documented procedures."""
