"""Routes and logs of Traefik as people see them."""
