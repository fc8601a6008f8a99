"""A repository's address in the three ways that people write one, and whether two are the same."""

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
    """Where a repository is. `port` is None where the way in (ssh) tells nothing of it.

    `path` has the parts between slashes; the last two are owner and repository.
    """

    host: str
    port: int | None
    path: tuple[str, ...]
    scheme: str

    @property
    def owner(self) -> str:
        """Who owns it on its host."""
        return self.path[-2]

    @property
    def name(self) -> str:
        """Its name."""
        return self.path[-1]

    @property
    def origin(self) -> str:
        """Scheme, host and port, and a folder of the host below which it lives."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port in (None, PORTS.get(self.scheme)) else f":{self.port}"
        return "/".join((f"{self.scheme}://{host}{port}", *self.path[:-2]))

    @property
    def url(self) -> str:
        """For Git over HTTP."""
        return f"{self.origin}/{self.owner}/{self.name}.git"

    @property
    def page(self) -> str:
        """For people."""
        return f"{self.origin}/{self.owner}/{self.name}"


def address(text: str) -> RepositoryAddress | None:
    """Of https://host/owner/repository(.git), ssh://git@host/… or git@host:…; None for others.

    Of a user in it nothing is kept, and what contains a query, a fragment, a password or an
    unusual character is no address.
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
    """Whether a token may go there: encrypted, or to this machine itself."""
    return scheme == "https" or (scheme == "http" and host in LOOPBACK)


def same(one: RepositoryAddress, other: RepositoryAddress) -> bool:
    """Whether they are the same repository. Hosts take owner and name in any case."""
    ports = {one.port, other.port} - {None}
    return (
        one.host == other.host
        and len(ports) <= 1
        and [part.lower() for part in one.path] == [part.lower() for part in other.path]
    )
