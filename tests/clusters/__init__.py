"""One suite, two clusters: what a test may do to a cluster, simulated or real.

A test that takes the fixture `cluster` runs on the simulated API in `make test`, and on a real API
server in `make test-cluster`. What it says of one, the other must do too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import aiohttp

Plain = dict[str, Any]

SOON = aiohttp.ClientTimeout(total=15)


class Cluster(Protocol):
    """A cluster that a test arranges; the bot reads it through `kubeconfig`."""

    kubeconfig: Path
    """Of the bot, who may do everything at first."""

    @property
    def user(self) -> str:
        """Whom the API server takes the bot for, such as `system:serviceaccount:apps:default`."""

    def session(self) -> aiohttp.ClientSession:
        """Raw HTTP with the bot's credentials; paths begin with a slash."""

    async def put(self, *objects: Plain) -> None:
        """Create each object, or replace it, status included."""

    async def delete(self, kind: str, namespace: str, name: str) -> None:
        """Delete an object at once."""

    async def forbid(self, verb: str, plural: str, group: str = "") -> None:
        """Take a permission away, everywhere; `*` is every verb."""

    async def allow(
        self, verb: str, plural: str, group: str = "", namespace: str | None = None
    ) -> None:
        """Give it back, perhaps in one namespace alone."""

    async def uninstall(self, *dropped: str) -> None:
        """Serve these no longer: a group (`cert-manager.io`) or a version (`…/v1`) of one."""

    async def install(self) -> None:
        """Serve everything again."""

    async def expire_history(self) -> None:
        """From now on every version and continue token of before is answered with 410."""

    async def cut(self) -> None:
        """Break every open connection."""

    async def leave(self) -> None:
        """Answer nobody usefully, and break what is open: an outage."""

    async def hang(self) -> None:
        """Take connections and requests, and never answer."""

    async def come_back(self) -> None:
        """End the outage or the silence; what hung stays broken."""


async def ask(
    cluster: Cluster, path: str, *, accept: str = "*/*", **query: str | int
) -> tuple[int, Plain]:
    """The status and the JSON body of one raw request."""
    async with (
        cluster.session() as session,
        session.get(path, params=query, headers={"Accept": accept}) as response,
    ):
        return response.status, await response.json()


async def names(cluster: Cluster, path: str, **query: str | int) -> list[str]:
    """The names in a list."""
    _, body = await ask(cluster, path, **query)
    return [item["metadata"]["name"] for item in body["items"]]


@asynccontextmanager
async def watch(
    cluster: Cluster, path: str, *, accept: str = "*/*", **query: str | int
) -> AsyncIterator[aiohttp.StreamReader]:
    """The body of a raw watch."""
    async with (
        cluster.session() as session,
        session.get(
            path,
            params={"watch": "true", **query},
            headers={"Accept": accept},
            timeout=SOON,
        ) as response,
    ):
        assert response.status == 200, await response.text()
        yield response.content
