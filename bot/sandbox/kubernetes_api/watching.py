"""Answers to watch: a stream of events, one JSON object a line."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import msgspec
from aiohttp import web

from bot.sandbox.kubernetes_api.exchange import Exchange, sever
from bot.sandbox.kubernetes_api.faults import never
from bot.sandbox.kubernetes_api.history import ObjectChange, Signal, Watch
from bot.sandbox.kubernetes_api.selectors import Selection
from bot.sandbox.kubernetes_api.shapes import Renderer
from bot.sandbox.kubernetes_api.status import too_old
from bot.sandbox.kubernetes_api.stored import Stored

_USUAL_TIMEOUT = 1800
"""Seconds that a watch lasts when it names no timeout (a real server takes 30 to 60 minutes)."""
_BOOKMARKS_EVERY = 60.0
_BATCH = 500
"""Events in one write."""
_LAST = (Signal.EXPIRED, Signal.ENDED, Signal.DROPPED)


@dataclass(frozen=True, slots=True)
class Stream:
    """An open watch, the response that carries its events, and the version at which it began."""

    exchange: Exchange
    response: web.StreamResponse
    renderer: Renderer
    selection: Selection
    watch: Watch
    since: int
    woken: asyncio.Event

    async def send_existing(self, existing: Sequence[Stored]) -> None:
        """Send the present objects as ADDED, as a watch without a version begins."""
        events = (
            _event("ADDED", self.renderer.render(item))
            for item in existing
            if self._in_scope(item) and self.selection.matches(item)
        )
        while batch := b"".join(islice(events, _BATCH)):
            await self._write(batch)
        if self.exchange.flag("sendInitialEvents"):
            end = self.renderer.bookmark(self.since, ends_initial=True)
            await self._write(_event("BOOKMARK", end))

    async def follow(self, deadline: float) -> None:
        """Send events until the deadline, or until a signal ends the watch."""
        while (left := deadline - time.monotonic()) > 0:
            pending = list(self.watch.pending)
            self.watch.pending.clear()
            await self._write(b"".join(self._lines(pending)))
            if Signal.DROPPED in pending:
                sever(self.exchange.http)
            if any(signal in pending for signal in _LAST):
                return
            await self._wait(min(left, _BOOKMARKS_EVERY))
        await self._write(b"".join(self._lines([Signal.BOOKMARK])))

    async def _wait(self, seconds: float) -> None:
        """Wait for something to send; after a while without it, send a bookmark."""
        try:
            async with asyncio.timeout(seconds):
                await self.woken.wait()
        except TimeoutError:
            if seconds == _BOOKMARKS_EVERY:
                self.watch.pending.append(Signal.BOOKMARK)
        self.woken.clear()

    def _lines(self, pending: list[ObjectChange | Signal]) -> Iterator[bytes]:
        for item in pending:
            if isinstance(item, ObjectChange):
                event = item.event_for(self.selection)
                if event and self._in_scope(item.after):
                    name, stored = event
                    yield _event(name, self.renderer.render(stored))
            elif item is Signal.EXPIRED:
                error = too_old(self.since, self.exchange.cluster.oldest)
                yield _event("ERROR", msgspec.json.encode(error.body()))
            elif item is Signal.BOOKMARK and self.exchange.flag("allowWatchBookmarks"):
                yield _event("BOOKMARK", self.renderer.bookmark(self.exchange.cluster.version))

    def _in_scope(self, item: Stored) -> bool:
        return self.exchange.target.namespace in ("", item.namespace)

    async def _write(self, data: bytes) -> None:
        """Send `data`, or suffer the fault that is switched on."""
        faults = self.exchange.cluster.faults
        concerned = faults.concern("watch", self.exchange.target.resource.plural)
        if concerned and faults.silent_watches:
            await never()
        if not data:
            return
        if concerned and faults.truncate:
            await self.response.write(data[: len(data) // 2])
            sever(self.exchange.http, flushed=True)
            return
        await self.response.write(data)


async def watching(exchange: Exchange) -> web.StreamResponse:
    """Stream the changes from a version on, or everything and then the changes."""
    renderer, selection = exchange.renderer(), exchange.selection()
    version = exchange.number("resourceVersion")
    seconds = exchange.number("timeoutSeconds")
    deadline = time.monotonic() + (_USUAL_TIMEOUT if seconds is None else seconds)
    initial = not version or exchange.flag("sendInitialEvents")
    woken = asyncio.Event()
    since = None if initial else version
    with exchange.cluster.watching(exchange.qualified, since, woken.set) as watch:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        start = since if since is not None else exchange.cluster.version
        stream = Stream(exchange, response, renderer, selection, watch, start, woken)
        # Taken before anything is awaited: what changes from here on is in the watch.
        existing = exchange.cluster.in_order(exchange.qualified) if initial else ()
        await response.prepare(exchange.http)
        if initial:
            await stream.send_existing(existing)
        await stream.follow(deadline)
    return response


def _event(name: str, obj: bytes) -> bytes:
    return b'{"type":"%b","object":%b}\n' % (name.encode(), obj)
