"""Keeping one kind current: list once, then watch, through outages and expired versions.

The rules are those of client-go's reflector, with a state that says how far the result can be
trusted: bookmarks, 410 means list again, jittered back-off, and a connection that falls silent
without closing (half-open, as a mesh leaves them) counts as stale.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from bot.domain.resources.base import Object
from bot.domain.resources.decode import decode_object, shallow
from bot.errors import Absent, ClusterError, Forbidden, Gone, ServerError
from bot.kube.answers import METADATA, confirm_event
from bot.kube.bodies import MOST
from bot.kube.client import ERRORS, JSON, Api, ApiStatus
from bot.kube.discovery import Source
from bot.kube.listing import pages
from bot.kube.shares import Load, Shares
from bot.kube.transport import Response, TimeLimits


class WatchState(StrEnum):
    """How far a reflector's objects can be trusted."""

    SYNCING = "syncing"
    LIVE = "live"
    STALE = "stale"
    FORBIDDEN = "forbidden"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class WatchTiming:
    """All waits in seconds, so that a test can hurry them."""

    watch: tuple[float, float] = (240, 480)
    silence: float = 120
    """A watch without a byte for that long is half-open. Bookmarks come about once a minute."""
    first_delay: float = 0.2
    longest_delay: float = 30
    forbidden: float = 60
    absent: float = 300
    connect: float = 5
    answer: float = 10
    """For a watch's headers, which an API server sends before it looks for events."""


class _Event(msgspec.Struct, frozen=True):
    type: str
    object: msgspec.Raw


@dataclass(slots=True, eq=False)
class Reflector:
    """One kind of one group, of the whole cluster or of one namespace, kept current by `run`."""

    api: Api
    source: Source
    namespace: str | None = None
    timing: WatchTiming = field(default_factory=WatchTiming)
    jitter: Callable[[float, float], float] = random.uniform
    slim: Callable[[Object], Object] = lambda resource: resource
    """Leaves out of an object what is not worth keeping."""

    state: WatchState = WatchState.SYNCING
    heard_at: datetime | None = None
    error: ClusterError | None = None
    load: Load = field(default_factory=lambda: Load(Shares()))
    """What is kept, within what each namespace may weigh."""
    revision: int = 0
    """Counts changes, so that a reader may reuse what it made of the objects."""
    lists: int = 0
    relists: int = 0
    """Lists after the first complete one, such as after 410."""
    watches: int = 0
    _version: str = ""
    _failures: int = 0
    _settled: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """List and watch until cancelled. Errors of the cluster are retried, never raised."""
        while True:
            try:
                if not self._version:
                    await self._list()
                began = time.monotonic()
                await self._watch()
                if self.load.may_fit:
                    self._version = ""
                if time.monotonic() - began < SHORT:
                    # A server that ends each watch at once must not be asked in a tight loop.
                    await asyncio.sleep(self.jitter(0.5, 1))
            except ClusterError as error:
                delay = self._failed(error)
                self._settled.set()
                await asyncio.sleep(delay)

    async def settled(self) -> None:
        """Wait until the first list has come, or failed."""
        await self._settled.wait()

    @property
    def tried(self) -> bool:
        """Whether the first list has come, or failed."""
        return self._settled.is_set()

    def _failed(self, error: ClusterError) -> float:
        """Record an error, and return the seconds to wait before the next attempt."""
        self.error = error
        self._failures += 1
        if isinstance(error, Gone):
            self._version = ""
            self._lost()
            return self.jitter(0, 0.5) * min(self._failures, 10)
        if isinstance(error, Forbidden):
            self.state, self._version = WatchState.FORBIDDEN, ""
            return self.timing.forbidden
        if isinstance(error, Absent):
            self.state, self._version = WatchState.ABSENT, ""
            self._replace(self.load.follow())
            return self.timing.absent
        self._lost()
        if isinstance(error, ServerError) and error.retry_after:
            return error.retry_after
        doubled: float = self.timing.first_delay * 2 ** min(self._failures, 10)
        return min(self.timing.longest_delay, doubled) * self.jitter(0.5, 1)

    def _lost(self) -> None:
        """Mark as stale what was read before, if anything was."""
        if self.heard_at is not None:
            self.state = WatchState.STALE

    def _heard(self) -> None:
        self.heard_at = datetime.now(UTC)
        self.state, self.error, self._failures = WatchState.LIVE, None, 0

    @property
    def objects(self) -> Mapping[tuple[str, str], Object]:
        """The objects by namespace and name."""
        return self.load.objects

    def _replace(self, load: Load) -> None:
        self.load = load.settled()
        self.revision += 1

    async def _list(self) -> None:
        self.lists += 1
        self.relists += self.heard_at is not None
        fresh = self.load.follow()
        version = ""
        try:
            async for page in pages(self.api, self.source, self.namespace):
                fresh.extend(tuple(map(self.slim, page.items)))
                version = page.metadata.resource_version or version
                del page  # not kept while the next one is read
        except BaseException:
            fresh.abandon()
            raise
        self._version = version
        self._replace(fresh)
        self._heard()
        self._settled.set()

    async def _watch(self) -> None:
        self.watches += 1
        query: list[tuple[str, str | int]] = [
            ("watch", "true"),
            ("allowWatchBookmarks", "true"),
            ("resourceVersion", self._version),
            ("timeoutSeconds", int(self.jitter(*self.timing.watch))),
        ]
        if self.source.kind.selector:
            query.append(("labelSelector", self.source.kind.selector))
        limits = TimeLimits(total=None, connect=self.timing.connect, read=self.timing.silence)
        path = self.source.path(self.namespace)
        begins = self.timing.connect + self.timing.answer
        async with self.api.stream(
            path, query, accept=self._accept, limits=limits, begins=begins
        ) as response:
            self._heard()
            await self._follow(response)

    @property
    def _accept(self) -> str:
        item = METADATA.replace("PartialObjectMetadataList", "PartialObjectMetadata")
        return item if self.source.kind.metadata_only else JSON

    async def _follow(self, response: Response) -> None:
        """Apply events line by line; a line may be split over chunks."""
        partial = bytearray()
        async for chunk in response.content.iter_any():
            partial += chunk
            if b"\n" not in chunk:
                self._weigh(partial)
                continue
            *lines, rest = partial.split(b"\n")
            partial = rest
            for line in lines:
                self._weigh(line)
                if line.strip():
                    await self._take_any(line)
            if lines:
                self._heard()
            if len(lines) > BURST:
                await asyncio.sleep(0)

    def _weigh(self, line: bytearray) -> None:
        """Go on only where a line is no heavier than any object; a list reads what it told."""
        if len(line) > MOST:
            self._version = ""
            raise ServerError(f"The watch of {self.source.title} sent more than {MOST:,} bytes.")

    async def _take_any(self, line: bytearray) -> None:
        """Apply an event, also of an object that is nested too deep to be read as it is."""
        try:
            self._take(line)
        except RecursionError:
            # It takes half a second for a MiB, which would block the event loop.
            self._take(await asyncio.to_thread(shallow, bytes(line)))

    def _take(self, line: bytes | bytearray) -> None:
        try:
            event = msgspec.json.decode(line, type=_Event)
            if event.type == "ERROR":
                self._refused(bytes(event.object))
            if event.type != "BOOKMARK":
                at = self.source.path(self.namespace)
                confirm_event(at, bytes(event.object), accept=self._accept)
            resource = decode_object(bytes(event.object), self.source.kind.type)
        except msgspec.DecodeError:
            self._version = ""
            msg = f"The watch of {self.source.title} sent something that is not an event."
            raise ServerError(msg) from None
        self._version = resource.metadata.resource_version or self._version
        if event.type == "BOOKMARK":
            return
        self.revision += 1
        if event.type == "DELETED":
            self.load.drop((resource.namespace, resource.name))
        else:
            self.load.put(self.slim(resource))

    def _refused(self, status: bytes) -> None:
        answer = msgspec.json.decode(status, type=ApiStatus)
        if ERRORS.get(answer.code) is Gone:
            raise Gone(answer.message or "The watch's resource version is too old.")
        raise ServerError(
            answer.message or f"The watch of {self.source.title} ended with an error."
        )


SHORT = 1.0
"""Seconds below which a watch that ended without an error is suspicious."""

BURST = 20
"""Events in one chunk after which the event loop gets a turn."""
