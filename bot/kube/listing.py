"""Listing a kind page by page, and the gap that stands for a kind that cannot be listed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import msgspec

from bot.domain.resources.base import Object
from bot.domain.resources.decode import ListPage, decode_page
from bot.domain.resources.registry import Kind
from bot.domain.resources.weighing import name_alone
from bot.domain.snapshot import Gap, Why
from bot.errors import Absent, ClusterError, Forbidden, ServerError, TooHeavy
from bot.kube.answers import METADATA
from bot.kube.bodies import MOST
from bot.kube.client import JSON, Api, Query, breathe
from bot.kube.discovery import Source

PAGE = 250
"""Objects in a page: decoding 250 pods holds the event loop for some 5 ms."""

HEAVIEST = 4 * 1024 * 1024
"""Bytes of a page of several objects. 250 ordinary pods have 1 to 3 MiB."""

KUBECTLS_PAGE = 500
"""Objects in a page where nothing else needs the event loop: as many as kubectl asks for."""


async def pages(
    api: Api, source: Source, namespace: str | None = None, *, page: int = PAGE
) -> AsyncIterator[ListPage[Object]]:
    """A kind's pages; the event loop gets a turn after each.

    A page that is too heavy is asked for again with a quarter of the objects. Of one that is too
    heavy alone only the name is known: it is malformed.

    Raises:
        ClusterError: As `Api.get`; Gone where the list took so long that it must start again.
    """
    limit, token = page, ""
    while True:
        query = _query(source, limit, token)
        try:
            decoded, weight = await _page(api, source, namespace, query, alone=limit == 1)
        except TooHeavy:
            limit = max(1, limit // 4)
            continue
        if weight < HEAVIEST // 4:
            limit = min(page, 2 * limit)
        token = decoded.metadata.continue_
        yield decoded
        del decoded  # not kept while the next page is read
        if not token:
            return
        await breathe()


def _query(source: Source, limit: int, token: str) -> Query:
    query: list[tuple[str, str | int]] = [("limit", limit)]
    if source.kind.selector:
        query.append(("labelSelector", source.kind.selector))
    if token:
        query.append(("continue", token))
    return query


async def _page(
    api: Api, source: Source, namespace: str | None, query: Query, *, alone: bool
) -> tuple[ListPage[Object], int]:
    """A page and its bytes. One object alone may have more, and then its name is asked for."""
    at = source.path(namespace)
    accept = METADATA if source.kind.metadata_only else JSON
    try:
        body = await api.get(at, query, accept=accept, most=MOST if alone else HEAVIEST)
    except TooHeavy:
        if not alone:
            raise
        return await _names(api, source, namespace, query)
    decoded = _decoded(body, source)
    return decoded, len(body)


async def _names(
    api: Api, source: Source, namespace: str | None, query: Query
) -> tuple[ListPage[Object], int]:
    """The page by its objects' names alone."""
    try:
        body = await api.get(source.path(namespace), query, accept=METADATA)
    except TooHeavy as error:
        raise ServerError(f"An object of {source.title} is too heavy: {error}") from error
    decoded = _decoded(body, source)
    items = tuple(name_alone(item, MOST) for item in decoded.items)
    return msgspec.structs.replace(decoded, items=items), HEAVIEST


def _decoded(body: bytes, source: Source) -> ListPage[Object]:
    try:
        return decode_page(body, source.kind.type)
    except msgspec.DecodeError:
        raise ServerError(f"The API server's list of {source.title} is not a list.") from None


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
