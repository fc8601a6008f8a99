"""What a digest says: the difference of two reports, what is open, and when it is due."""
