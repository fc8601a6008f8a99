"""What the doctor examines: pure functions from what was seen to what it means, and its fix."""
