"""Listing a kind page by page, and the gap that stands for a kind that cannot be listed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import msgspec

from bot.domain.resources.base import Object
from bot.domain.resources.decode import ListPage, decode_page
from bot.domain.resources.registry import Kind
from bot.domain.snapshot import Gap, Why
from bot.errors import Absent, ClusterError, Forbidden, ServerError
from bot.kube.answers import METADATA
from bot.kube.client import JSON, Api, breathe
from bot.kube.discovery import Source

PAGE = 250
"""Objects in a page: decoding 250 pods holds the event loop for some 5 ms."""

KUBECTLS_PAGE = 500
"""Objects in a page where nothing else needs the event loop: as many as kubectl asks for."""


async def pages(
    api: Api, source: Source, namespace: str | None = None, *, page: int = PAGE
) -> AsyncIterator[ListPage[Object]]:
    """A kind's pages; the event loop gets a turn after each.

    Raises:
        ClusterError: As `Api.get`; Gone where the list took so long that it must start again.
    """
    accept = METADATA if source.kind.metadata_only else JSON
    token = ""
    while True:
        query: list[tuple[str, str | int]] = [("limit", page)]
        if source.kind.selector:
            query.append(("labelSelector", source.kind.selector))
        if token:
            query.append(("continue", token))
        body = await api.get(source.path(namespace), query, accept=accept)
        try:
            decoded = decode_page(body, source.kind.type)
        except msgspec.DecodeError:
            raise ServerError(f"The API server's list of {source.title} is not a list.") from None
        yield decoded
        token = decoded.metadata.continue_
        if not token:
            return
        await breathe()


def gap(
    source: Source, error: ClusterError, *, namespace: str | None = None, since: datetime | None
) -> Gap:
    """The gap of a kind that cannot be listed, with what would help."""
    name = source.kind.name
    if isinstance(error, Forbidden):
        place = f"in namespace {namespace}" if namespace else "in all namespaces"
        place = place if source.kind.namespaced else "(cluster-scoped)"
        detail = f'needs the verbs "list" and "watch" on {source.title} {place}'
        return Gap(name, Why.FORBIDDEN, detail, since)
    if isinstance(error, Absent):
        return Gap(name, Why.NOT_INSTALLED, f"{source.title} is not served", since)
    return Gap(name, Why.UNREACHABLE, str(error), since)


def not_served(kind: Kind) -> Gap:
    """The gap of a kind that no API group serves."""
    titles = " or ".join(f"{kind.plural}.{group}" for group in kind.groups)
    return Gap(kind.name, Why.NOT_INSTALLED, f"{titles} is not served")
