"""YAML and JSON manifests: reading, writing, limits, and edits that keep every other byte."""
