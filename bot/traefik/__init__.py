"""`/traefik`: what Traefik serves, and what its log and API say."""
