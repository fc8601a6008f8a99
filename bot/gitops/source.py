"""From a Flux Kustomization to the Git repository and branch that it reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.gitops.domain.repository_url import RepositoryAddress, address, same
from bot.gitops.refusals import FileReason, Stop

Manifest = Mapping[str, Any]

HEADS = "refs/heads/"


@dataclass(frozen=True, slots=True)
class Repository:
    """The one repository and branch that the settings name."""

    at: RepositoryAddress
    branch: str


def source_of(kustomization: Manifest) -> tuple[str, str]:
    """Namespace and name of its GitRepository.

    Raises:
        Stop: It reads something else.
    """
    spec = mapping(kustomization.get("spec"))
    if spec.get("kubeConfig"):
        raise Stop(FileReason.OTHER_CLUSTER)
    reference = mapping(spec.get("sourceRef"))
    if reference.get("kind") != "GitRepository":
        raise Stop(FileReason.OTHER_SOURCE, f"{reference.get('kind')} {reference.get('name')}")
    own = mapping(kustomization.get("metadata")).get("namespace")
    return str(reference.get("namespace") or own or ""), str(reference.get("name"))


def check(git_repository: Manifest, repository: Repository) -> None:
    """Check that it is the repository and the branch of the settings.

    Raises:
        Stop: It is a different one, or follows no branch.
    """
    spec = mapping(git_repository.get("spec"))
    url = str(spec.get("url") or "")
    own = address(url)
    if own is None or not same(own, repository.at):
        raise Stop(FileReason.OTHER_REPOSITORY, _without_password(url))
    branch = _branch(mapping(spec.get("ref")))
    if branch != repository.branch:
        raise Stop(FileReason.OTHER_BRANCH, branch)


def _branch(ref: Manifest) -> str:
    """Flux's order of preference: commit, name, semver, tag, branch; master without any."""
    for field in ("commit", "semver", "tag"):
        if ref.get(field):
            raise Stop(FileReason.NO_BRANCH, f"{field} {ref[field]}")
    if name := ref.get("name"):
        if not str(name).startswith(HEADS):
            raise Stop(FileReason.NO_BRANCH, str(name))
        return str(name).removeprefix(HEADS)
    return str(ref.get("branch") or "master")


def _without_password(url: str) -> str:
    scheme, mark, location = url.partition("://")
    return f"{scheme}{mark}{location.rpartition('@')[2]}" if mark else url.rpartition("@")[2]


def mapping(value: object) -> Manifest:
    """A mapping; an empty one instead of any other value."""
    return value if isinstance(value, Mapping) else {}
