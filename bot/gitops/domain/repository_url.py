"""The address of a repository in its three notations, and whether two are the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

SCP = re.compile(r"(?:[\w.-]{1,64}@)?(?P<host>[\w.-]{1,253}):(?P<path>(?!/)[^\s]{1,400})")
"""`git@host:owner/repository.git`."""
PART = re.compile(r"[\w.~-]{1,100}")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class RepositoryAddress:
    """Where a repository is. `port` is None where an SSH address does not say it.

    `path` has the parts between slashes; the last two are owner and repository.
    """

    host: str
    port: int | None
    path: tuple[str, ...]
    scheme: str

    @property
    def owner(self) -> str:
        """The owner of the repository on its host."""
        return self.path[-2]

    @property
    def name(self) -> str:
        """The name of the repository."""
        return self.path[-1]

    @property
    def origin(self) -> str:
        """Scheme, host, port, and the folder of the host that contains it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port in (None, PORTS.get(self.scheme)) else f":{self.port}"
        return "/".join((f"{self.scheme}://{host}{port}", *self.path[:-2]))

    @property
    def url(self) -> str:
        """The address for Git over HTTP."""
        return f"{self.origin}/{self.owner}/{self.name}.git"

    @property
    def page(self) -> str:
        """The page for people."""
        return f"{self.origin}/{self.owner}/{self.name}"


def address(text: str) -> RepositoryAddress | None:
    """Read https://host/owner/repository(.git), ssh://git@host/… or git@host:…; None for others.

    The user is dropped. A query, a fragment, a password and unusual characters are not allowed.
    """
    if "://" not in text:
        match = SCP.fullmatch(text)
        return _made("ssh", match["host"], None, match["path"]) if match else None
    try:
        split = urlsplit(text)
        host, port = split.hostname, split.port
    except ValueError:
        return None
    if not host or split.password or split.query or split.fragment:
        return None
    if split.scheme == "ssh":
        return _made("ssh", host, None, split.path)
    if split.scheme not in PORTS:
        return None
    return _made(split.scheme, host, port or PORTS[split.scheme], split.path)


def _made(scheme: str, host: str, port: int | None, path: str) -> RepositoryAddress | None:
    parts = path.strip("/").removesuffix(".git").split("/")
    fits = all(PART.fullmatch(part) and part.strip(".") for part in parts)
    if len(parts) < len(("owner", "name")) or not fits:
        return None
    return RepositoryAddress(host.lower(), port, tuple(parts), scheme)


def secure(scheme: str, host: str) -> bool:
    """Whether a token may be sent there: encrypted, or on this machine."""
    return scheme == "https" or (scheme == "http" and host in LOOPBACK)


def same(one: RepositoryAddress, other: RepositoryAddress) -> bool:
    """Whether two addresses are the same repository. Owner and name ignore case."""
    ports = {one.port, other.port} - {None}
    return (
        one.host == other.host
        and len(ports) <= 1
        and [part.lower() for part in one.path] == [part.lower() for part in other.path]
    )
