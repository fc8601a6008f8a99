"""From a live object to its file in Git, and the smallest edit of it."""
