"""The program that reads the repository, in a process of its own: `python -m bot.gitops.worker`."""
