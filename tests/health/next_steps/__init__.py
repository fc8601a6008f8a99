"""What to do next about a finding."""
