"""Pictures: their data, and the separate process that draws them."""
