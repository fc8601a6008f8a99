"""Where pull requests live: GitHub and Gitea (or Forgejo), by their REST APIs."""
