"""One voice in every text that a person reads: docs/contributing/voice.md says which."""
