"""`/health`: the documented checks, their report, and the story behind a finding."""
