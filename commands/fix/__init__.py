"""`/fix`: from a diagnosis to a repair that somebody approves, and back again."""
