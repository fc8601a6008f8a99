"""Route checks: whether each site answers, by one light request a host through Traefik."""
