"""`/fix`: a repair is planned, approved, executed, verified, and rolled back if it did not help."""
