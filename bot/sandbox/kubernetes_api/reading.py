"""Answers to get and list."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import islice
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
from aiohttp import web

from bot.sandbox.kubernetes_api.exchange import Exchange, json_response
from bot.sandbox.kubernetes_api.logs import log
from bot.sandbox.kubernetes_api.selectors import Selection
from bot.sandbox.kubernetes_api.status import ApiError, too_large
from bot.sandbox.kubernetes_api.stored import Stored
from bot.sandbox.kubernetes_api.streams import executed, proxied

_CURRENT = -1
"""The version in a continue token that goes on with the objects as they are now."""


class Token(msgspec.Struct):
    """The content of a continue token: the list's version, and the last key that was sent."""

    rv: int
    start: str
    v: str = "meta.k8s.io/v1"

    def text(self) -> str:
        """The token as clients carry it."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")


class ResponsePage(NamedTuple):
    """Items of a list; `examined` of the `window` were looked at to find them."""

    items: list[Stored]
    window: Sequence[Stored]
    examined: int


async def get(exchange: Exchange) -> web.StreamResponse:
    """One object, or a pod's log, port or command."""
    match exchange.target.subresource:
        case "proxy":
            return await proxied(exchange)
        case "exec":
            return await executed(exchange)
        case "log":
            return await log(exchange, exchange.existing())
        case _:
            return exchange.show(exchange.existing())


async def listing(exchange: Exchange) -> web.StreamResponse:
    """A list, or one page of it."""
    renderer, selection = exchange.renderer(), exchange.selection()
    token = _token(exchange)
    version, everything = _contents(exchange, token)
    limit = exchange.number("limit") or 0
    if exchange.parameter("resourceVersion") == "0":
        limit = 0  # Such a list comes from the watch cache, which does not know pages.
    start = token.start if token else ""
    page = _page(_window(everything, exchange.target.namespace, start), selection, limit)
    metadata = _metadata(page, version, counted=not selection)
    if "continue" in metadata and token is None:
        exchange.cluster.keep_snapshot(exchange.qualified)
    return json_response(renderer.render_list(page.items, metadata))


def _token(exchange: Exchange) -> Token | None:
    text = exchange.parameter("continue")
    if not text:
        return None
    if exchange.parameter("resourceVersion") not in ("", "0"):
        raise ApiError(400, "specifying resource version is not allowed when using continue")
    try:
        padded = text + "=" * (-len(text) % 4)
        return msgspec.json.decode(base64.urlsafe_b64decode(padded), type=Token)
    except (msgspec.MsgspecError, binascii.Error, ValueError) as error:
        raise ApiError(400, f"invalid continue token: continue key is not valid: {error}") from None


def _contents(exchange: Exchange, token: Token | None) -> tuple[int, Sequence[Stored]]:
    """The version that a list speaks of, and all objects of the resource at that version."""
    cluster, qualified = exchange.cluster, exchange.qualified
    if token is None or token.rv == _CURRENT:
        requested = exchange.number("resourceVersion") or 0
        if requested > cluster.version:
            raise too_large(requested, cluster.version)
        return cluster.version, cluster.in_order(qualified)
    try:
        return token.rv, cluster.snapshot(qualified, token.rv)
    except ApiError as error:
        error.metadata = {"continue": Token(_CURRENT, token.start).text()}
        raise


def _window(everything: Sequence[Stored], namespace: str, start: str) -> Sequence[Stored]:
    """The objects of a namespace, or of all, after the key `start`."""
    first, end, key = 0, len(everything), attrgetter("key")
    if namespace:
        first = bisect_left(everything, f"{namespace}/", key=key)
        # "0" follows "/", so this is the end of all keys in the namespace.
        end = bisect_left(everything, f"{namespace}0", key=key)
    if start:
        first = max(first, bisect_right(everything, start, key=key))
    return everything[first:end]


def _page(window: Sequence[Stored], selection: Selection, limit: int) -> ResponsePage:
    """The first `limit` selected objects of the window; 0 stands for all."""
    if not selection:
        items = list(islice(window, limit or None))
        return ResponsePage(items, window, len(items))
    items = []
    for examined, item in enumerate(window, start=1):
        if selection.matches(item):
            items.append(item)
        if limit and len(items) == limit:
            return ResponsePage(items, window, examined)
    return ResponsePage(items, window, len(window))


def _metadata(page: ResponsePage, version: int, *, counted: bool) -> dict[str, Any]:
    """A list's metadata; the remaining items are counted only without a selector."""
    metadata: dict[str, Any] = {"resourceVersion": str(version)}
    remaining = len(page.window) - page.examined
    if remaining:
        last = page.window[page.examined - 1].key
        metadata["continue"] = Token(version, last).text()
    if remaining and counted:
        metadata["remainingItemCount"] = remaining
    return metadata
