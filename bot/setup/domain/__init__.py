"""What can be chosen, and which of two choices wins."""
