"""The real Flux, cert-manager and Traefik write the objects, and the bot judges them."""
