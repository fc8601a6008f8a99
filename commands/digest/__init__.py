"""`/digest`: what changed since the last one, and which are sent when."""
