"""Changes as people see them."""
