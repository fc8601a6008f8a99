"""Who owns an object, which edit of its file is wanted, and what asks Flux to look again."""
