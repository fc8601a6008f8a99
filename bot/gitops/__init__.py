"""From a live object to its file in Git, the smallest edit of it, and the pull request."""
