"""Pull requests, connected to the repository and host that the settings name."""

from __future__ import annotations

from bot.gitops.domain.repository_url import address
from bot.gitops.hosts import gitea, github
from bot.gitops.hosts.host import Host
from bot.gitops.repository import Git
from bot.gitops.service import Flux, PullRequests
from bot.gitops.source import Repository
from bot.settings import Settings


def configured(read: Settings, flux: Flux) -> PullRequests | None:
    """Pull requests in the repository of the settings; None where they name none."""
    if read.git_token is None or (at := address(read.git_url)) is None:
        return None
    token, branch = read.git_token.get_secret_value().strip(), read.git_branch
    host: Host = (
        gitea.Gitea(at, branch, gitea.rest(read.git_api or gitea.api(at), token))
        if read.git_host == "gitea"
        else github.GitHub(at, branch, github.rest(read.git_api or github.api(at), token))
    )
    return PullRequests(Repository(at, branch), Git(at, token), host, flux)
