"""Connects pull requests to the repository and host that the settings name."""

from __future__ import annotations

from bot.gitops.domain.repository_url import address
from bot.gitops.git_process import GitProcess
from bot.gitops.hosts import Gitea, GitHub
from bot.gitops.service import Flux, PullRequests
from bot.gitops.source import Repository
from bot.runtime.child_process import ChildProcesses
from bot.settings import Settings


def build_pull_requests(
    read: Settings, flux: Flux, processes: ChildProcesses
) -> PullRequests | None:
    """Pull requests in the repository of the settings; None where they name none."""
    if read.git_token is None or (at := address(read.git_url)) is None:
        return None
    token, branch = read.git_token.get_secret_value().strip(), read.git_branch
    kind = Gitea if read.git_host == "gitea" else GitHub
    host = kind(at, branch, token, read.git_api)
    return PullRequests(Repository(at, branch), token, GitProcess(processes), host, flux)
