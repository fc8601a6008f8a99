"""Sites in every state that a visitor may find them in, by the real Traefik and the real agents."""
