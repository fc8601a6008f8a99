"""The sites as people and scripts see them."""
