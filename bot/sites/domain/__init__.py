"""What a site is, what proves its state, and how the proofs are weighed."""
