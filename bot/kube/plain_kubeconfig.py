"""The server that a plain kubeconfig names, such as k3s writes one.

The `kubernetes` package reads every kubeconfig, and takes longer to import than a check takes. So a
terminal reads itself what is plain: an address, a CA, and a token or a client certificate.
Whatever else a file has is left to the package, and so is what is wrong with it.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

MOST = 1024 * 1024
"""Bytes of a kubeconfig that is read here."""

PROXIES = frozenset(("http_proxy", "https_proxy", "all_proxy"))
"""Variables that name a proxy, in either case."""


@dataclass(frozen=True, slots=True)
class PlainServer:
    """An API server, and how to authenticate. The bytes are PEM."""

    url: str
    ca: bytes = b""
    token: str = ""
    certificate: bytes = b""
    key: bytes = b""


class _Context(msgspec.Struct, frozen=True):
    cluster: str
    user: str


class _NamedContext(msgspec.Struct, frozen=True):
    name: str
    context: _Context


class _NamedCluster(msgspec.Struct, frozen=True):
    name: str
    cluster: Mapping[str, Any]


class _NamedUser(msgspec.Struct, frozen=True):
    name: str
    user: Mapping[str, Any] | None = None


class _Kubeconfig(msgspec.Struct, frozen=True, rename="kebab"):
    clusters: tuple[_NamedCluster, ...]
    users: tuple[_NamedUser, ...]
    contexts: tuple[_NamedContext, ...]
    current_context: str = ""


class _Cluster(msgspec.Struct, frozen=True, rename="kebab", forbid_unknown_fields=True):
    server: str
    certificate_authority: str = ""
    certificate_authority_data: str = ""
    extensions: Any = None


class _User(msgspec.Struct, frozen=True, rename="kebab", forbid_unknown_fields=True):
    token: str = ""
    client_certificate: str = ""
    client_certificate_data: str = ""
    client_key: str = ""
    client_key_data: str = ""


def read(file: Path, context: str | None) -> PlainServer | None:
    """The server of a context, else of the current one; None where the package must read the file.

    A proxy needs the package too.
    """
    if any(name.lower() in PROXIES for name in os.environ):
        return None
    try:
        with file.open("rb") as opened:
            body = opened.read(MOST + 1)
        return _server(body, context, file.parent) if len(body) <= MOST else None
    except (OSError, ValueError, LookupError, RecursionError, msgspec.MsgspecError):
        return None


def _server(body: bytes, context: str | None, folder: Path) -> PlainServer:
    """Raises ValueError or LookupError for what is not plain."""
    decode = msgspec.json.decode if body.lstrip()[:1] == b"{" else msgspec.yaml.decode
    config = decode(body, type=_Kubeconfig)
    contexts = {named.name: named.context for named in config.contexts}
    chosen = contexts[context or config.current_context]
    clusters = {named.name: named.cluster for named in config.clusters}
    users = {named.name: named.user or {} for named in config.users}
    cluster = msgspec.convert(clusters[chosen.cluster], _Cluster)
    user = msgspec.convert(users[chosen.user], _User)
    if not cluster.server.startswith(("http://", "https://")) or "@" in cluster.server:
        raise ValueError("another scheme, or a name and a password in the address")
    return PlainServer(
        cluster.server.rstrip("/"),
        _pem(cluster.certificate_authority_data, cluster.certificate_authority, folder),
        user.token,
        _pem(user.client_certificate_data, user.client_certificate, folder),
        _pem(user.client_key_data, user.client_key, folder),
    )


def _pem(data: str, file: str, folder: Path) -> bytes:
    """The data in the kubeconfig, else the content of the file that it names."""
    if data:
        return base64.b64decode(data, validate=True)
    return (folder / Path(file).expanduser()).read_bytes() if file else b""


def named(kubeconfig: Path | None) -> str:
    """One path, or several that are joined as in `$KUBECONFIG`."""
    return str(kubeconfig or os.environ.get("KUBECONFIG") or Path("~/.kube/config").expanduser())


def only_file(kubeconfig: Path | None) -> Path | None:
    """The one file that is read; None where several are joined."""
    path = named(kubeconfig)
    return None if os.pathsep in path else Path(path).expanduser()
