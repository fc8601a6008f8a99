"""The election on the wire: one Lease, read and written with a time limit on every request.

The package's own leaderelection is not used: with a hanging API its leader went on leading for
longer than its lease, and it does not release on a stop.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import aiohttp
import msgspec

from bot.domain.election import FOREVER, Election, LeaseSpec, Standing, Timing
from bot.errors import Absent, ClusterError, Conflict
from bot.kube.client import Api
from bot.kube.paths import ApiPath, path

log = logging.getLogger(__name__)

NAME = "meshmedic"
API_VERSION = "coordination.k8s.io/v1"

RELEASE = 3.0
"""Seconds for giving the lease back; without that others wait until it expires."""

BREATH = 0.1
"""Seconds between two attempts at least, however often the lease is written."""

OUTAGE = (ClusterError, TimeoutError, msgspec.MsgspecError)
"""What an API server that is away or out of order looks like."""

Body = dict[str, Any]


def uptime() -> float:
    """Seconds of a clock that also counts while the machine sleeps, where the system has one."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


def identity() -> str:
    """A name that no other process has, nor this one after a restart."""
    return f"{socket.gethostname()}_{secrets.token_hex(4)}"


def leases(namespace: str) -> ApiPath:
    """The path of a namespace's leases."""
    return path(f"/apis/{API_VERSION}/namespaces", namespace, "leases")


class Elector:
    """A candidate. `run` takes part until it is cancelled; `release` gives the lease back."""

    def __init__(
        self,
        api: Api,
        *,
        namespace: str,
        me: str | None = None,
        timing: Timing | None = None,
        clock: Callable[[], float] = uptime,
    ) -> None:
        self._api = api
        self._path = leases(namespace)
        self._namespace = namespace
        self._clock = clock
        self._timing = timing or Timing()
        self._election = Election(me or identity(), self._timing)
        self._kept: Body | None = None
        """The lease as we wrote it last: it is renewed without reading it first."""
        self._version = ""
        self._trouble = ""
        self._told = Standing.STANDBY
        self._news = asyncio.Condition()

    @property
    def me(self) -> str:
        """Our name in the lease."""
        return self._election.me

    @property
    def holder(self) -> str:
        """Who held the lease when it was last seen; empty: nobody."""
        return self._election.holder

    @property
    def standing(self) -> Standing:
        """What this process is at this moment: by the clock, not by what a task came to do."""
        return self._election.standing(self._clock())

    def may_act(self) -> bool:
        """Whether this process, and no other, may act now."""
        return self.standing is Standing.LEADING

    def hesitation(self) -> float:
        """Seconds to leave to a healthy leader before an interaction is acknowledged."""
        return self._election.hesitation(self._clock())

    def head_start(self) -> float:
        """Seconds from an interaction's arrival in which nobody else acknowledges it."""
        return self._election.head_start(self._clock())

    def led_by_another(self) -> bool:
        """Whether somebody else holds the lease, as far as this process has heard."""
        return self._election.led_by_another(self._clock())

    async def until(self, *wanted: Standing) -> None:
        """Wait until this process is one of these."""
        async with self._news:
            await self._news.wait_for(lambda: self.standing in wanted)

    async def run(self) -> None:
        """Take the lease when it is free, keep it, and tell who waits. Outages end nothing."""
        log.info("taking part in the election as %s", self.me)
        while True:
            await self._attempt()
            await self._tell()
            await self._wait(self._election.pause(self._clock()))
            await self._tell()

    async def release(self) -> None:
        """Act no more, and let the next one begin at once. Never raises: a lease expires."""
        self._election.resign()
        try:
            async with asyncio.timeout(RELEASE):
                with suppress(Conflict):
                    return await self._release()
                # What we wrote last was still on its way.
                return await self._release()
        except OUTAGE as error:
            log.warning("the lease was not released, it expires: %s", error or "no answer in time")

    async def _release(self) -> None:
        # Read even where we do not lead: a request that was cut off may have won.
        lease = await self._read()
        if lease is not None and self.holder == self.me:
            await self._write(lease, self._election.released(_stamp()))
            log.info("released the lease")

    async def _attempt(self) -> None:
        """Renew, or take what is free; a failure is said once, not every few seconds."""
        # A leader must not wait longer than it leads.
        left = self._election.leads_until - self._clock() if self.may_act() else FOREVER
        try:
            async with asyncio.timeout(min(left, 3 * self._timing.request)):
                await self._renew_or_take()
            self._trouble = ""
        except Exception as error:  # the clock ends leadership, nothing else may
            self._kept = None
            said = str(error) or "the API server did not answer in time"
            if said != self._trouble:
                trace = not isinstance(error, OUTAGE)
                log.warning("the lease cannot be read or written: %s", said, exc_info=trace)
            self._trouble = said

    async def _renew_or_take(self) -> None:
        if self._kept is not None:
            with suppress(Conflict):
                await self._claim(self._kept)
                return
            self._kept = None
        lease = await self._read()
        if self._clock() < self._election.free_at():
            return
        try:
            await self._claim(lease)
        except Conflict:
            log.info("another process was faster with the lease")
            await self._read()

    async def _claim(self, lease: Body | None) -> None:
        asked_at = self._clock()
        record = self._election.claim(_stamp())
        self._kept = await self._write(lease, record)
        self._election.won(record, asked_at)

    async def _read(self) -> Body | None:
        limit = self._timing.request
        try:
            body = await self._api.get(path(self._path, NAME), total=limit)
        except Absent:
            self._election.see(None, self._clock())
            return None
        lease = self._taken(body)
        self._election.see(msgspec.convert(lease.get("spec") or {}, LeaseSpec), self._clock())
        return lease

    async def _write(self, lease: Body | None, record: LeaseSpec) -> Body:
        """Create, or replace exactly the version that was read.

        Raises:
            Conflict: Somebody else wrote since.
        """
        metadata = {"name": NAME, "namespace": self._namespace}
        whole = lease or {"apiVersion": API_VERSION, "kind": "Lease", "metadata": metadata}
        method, at = ("PUT", path(self._path, NAME)) if lease else ("POST", self._path)
        spec = (whole.get("spec") or {}) | msgspec.to_builtins(record)
        sent = whole | {"spec": spec}
        return self._taken(await self._api.send(method, at, sent, total=self._timing.request))

    def _taken(self, body: bytes) -> Body:
        """The lease in an answer, whose version the next watch begins at."""
        lease = msgspec.json.decode(body, type=Body)
        self._version = str(lease["metadata"]["resourceVersion"])
        return lease

    async def _wait(self, seconds: float) -> None:
        """Sleep, but wake as soon as somebody else writes the lease: a release must not wait."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                changed = await self._changed(seconds)
                await asyncio.sleep(BREATH if changed else seconds)

    async def _changed(self, seconds: float) -> bool:
        """Watch for an event; False where the watch ends without one, or there can be none."""
        if self._trouble or not self._version:
            return False
        query: list[tuple[str, str | int]] = [
            ("watch", "true"),
            ("fieldSelector", f"metadata.name={NAME}"),
            ("resourceVersion", self._version),
            ("timeoutSeconds", max(1, int(seconds))),
        ]
        limits = aiohttp.ClientTimeout(total=None, sock_connect=self._timing.request)
        with suppress(ClusterError):
            async with self._api.stream(self._path, query, limits=limits) as response:
                line = await response.content.readline()
                return bool(line) and b'"ERROR"' not in line[:20]
        return False

    async def _tell(self) -> None:
        """Wake who waits for another standing, and say it in the log."""
        standing = self.standing
        if standing is not self._told:
            held = f", {self.holder} leads" if standing is Standing.STANDBY else ""
            log.info("election: %s%s", standing.value, held)
            self._told = standing
        async with self._news:
            self._news.notify_all()


@asynccontextmanager
async def taking_part(elector: Elector) -> AsyncIterator[asyncio.Task[None]]:
    """Run an elector beside the block, and release the lease after it. Yields its task."""
    running = asyncio.create_task(elector.run(), name="election")
    try:
        yield running
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await elector.release()


def _stamp() -> str:
    """Now, as Kubernetes writes a MicroTime; only people read it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
