"""What a finding says to people: the noun that they know, and what is wrong with it."""
