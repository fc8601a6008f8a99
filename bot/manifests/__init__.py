"""Reading, writing and editing YAML and JSON manifests."""
