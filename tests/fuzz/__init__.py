"""Fuzzing: hostile texts for everything that reads what somebody else wrote."""
