"""Reading Traefik: its log, its API, and what it makes of the routes in the cluster."""
