"""The doctor's report in Discord and in the terminal."""
