"""Leader election by one Lease, which is read and written with a time limit on every request.

The package's own leaderelection is not used: when the API hung, its leader led for longer than its
lease, and it does not release the lease when it stops.
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

import msgspec

from bot.domain.election import FOREVER, Election, LeaseSpec, Standing, Timing
from bot.domain.outage import ApiContact, ApiOutage, OutageReason
from bot.errors import Absent, ClusterError, Conflict, Forbidden, Unauthorized, Unreachable
from bot.kube.answers import confirm_event
from bot.kube.client import Api
from bot.kube.paths import ApiPath, field_selector, path
from bot.kube.transport import TimeLimits

log = logging.getLogger(__name__)

NAME = "meshmedic"
API_VERSION = "coordination.k8s.io/v1"

RELEASE = 3.0
"""Seconds for releasing the lease; without a release others wait until it expires."""

BREATH = 0.1
"""The least seconds between two attempts, however often the lease is written."""

WATCH = 300
"""Seconds after which the server ends a watch of the lease."""

SILENCE = 1.5
"""In retries: where a watch tells of no renewal for so long, the lease is read."""

OUTAGE = (ClusterError, TimeoutError, msgspec.MsgspecError)
"""The errors of an API server that is down or out of order."""

Body = dict[str, Any]


def uptime() -> float:
    """Seconds of a clock that also counts while the machine sleeps, where the system has one."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


def identity() -> str:
    """A name that is unique to this run of this process."""
    return f"{socket.gethostname()}_{secrets.token_hex(4)}"


def leases(namespace: str) -> ApiPath:
    """The path of a namespace's leases."""
    return path(f"/apis/{API_VERSION}/namespaces", namespace, "leases")


class Elector:
    """A candidate. `run` takes part until it is cancelled; `release` releases the lease."""

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
        longest = SILENCE * self._timing.retry + 3 * self._timing.request
        self._contact = ApiContact(longest, noticeable=self._timing.renew)
        self._own_lease: Body | None = None
        """The lease as this process wrote it last, which is renewed without another read."""
        self._may_write: bool | None = None
        """Whether it was ever written; False where that was only refused, None where not tried."""
        self._version = ""
        self._seen = asyncio.Event()
        """Set where the watch told of another process, or that the lease is gone."""
        self._is_watched = False
        self._trouble = ""
        self._logged = Standing.STANDBY
        self._changes = asyncio.Condition()

    @property
    def me(self) -> str:
        """The name of this process in the lease."""
        return self._election.me

    @property
    def holder(self) -> str:
        """The holder of the lease when it was last read; empty: none."""
        return self._election.holder

    @property
    def standing(self) -> Standing:
        """What this process is now, by the clock and not by the progress of any task."""
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
        """Whether another process holds the lease, as far as this one knows."""
        return self._election.led_by_another(self._clock())

    def outage(self) -> ApiOutage | None:
        """The present outage of the API server: since when the lease can be neither read nor kept.

        The lease is asked for every few seconds, and passes through the datastore. A server without
        its datastore still answers other requests out of its memory.
        """
        return self._contact.outage(self._clock())

    def never_kept(self) -> OutageReason | None:
        """Why the lease could never be read or written; None where it was, or was not tried.

        A lease that another process holds is only read. Who may not take it once it is free could
        never act either.
        """
        return (
            OutageReason.NOT_ALLOWED if self._may_write is False else self._contact.never_answered()
        )

    def answering_for(self) -> float:
        """Seconds since the last outage that a leader notices; for ever, if there was none."""
        return self._clock() - self._contact.back_at

    def tells_outage_after(self) -> float | None:
        """Seconds that this process leaves to others before it tells an outage; None: it may not.

        The rule is that of `bot.domain.election.Election`.
        """
        return self._election.tells_outage_after()

    @property
    def lease(self) -> str:
        """The lease, as `namespace/name`."""
        return f"{self._namespace}/{NAME}"

    @property
    def transitions(self) -> int:
        """How often the lease changed hands, as far as this process knows."""
        return self._election.record.lease_transitions or 0

    async def until(self, *wanted: Standing) -> None:
        """Wait until the standing of this process is one of `wanted`."""
        async with self._changes:
            await self._changes.wait_for(lambda: self.standing in wanted)

    async def run(self) -> None:
        """Take the lease when it is free and renew it, through outages; wake those who wait."""
        log.info("taking part in the election as %s", self.me)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch(), name="watch of the lease")
            while True:
                await self._attempt()
                await self._notify()
                await self._rest()
                await self._notify()

    async def release(self) -> None:
        """Stop acting, and free the lease for the next process. Never raises: a lease expires."""
        self._election.resign()
        try:
            async with asyncio.timeout(RELEASE):
                with suppress(Conflict):
                    return await self._release()
                # Our last write was still on its way: read and release again.
                return await self._release()
        except OUTAGE as error:
            log.warning("the lease was not released, it expires: %s", error or "no answer in time")

    async def _release(self) -> None:
        # Read although we may not lead: a request that was cut off may have won.
        lease = await self._read()
        if lease is not None and self.holder == self.me:
            await self._write(lease, self._election.released(_stamp()))
            log.info("released the lease")

    async def _attempt(self) -> None:
        """Renew the lease, or take it if it is free; the same failure is logged only once."""
        # A leader must not wait longer than it leads.
        left = self._election.leads_until - self._clock() if self.may_act() else FOREVER
        try:
            async with asyncio.timeout(min(left, 3 * self._timing.request)):
                await self._renew_or_take()
            self._trouble = ""
            self._contact.answered(self._clock())
        except Exception as error:  # the clock ends leadership, nothing else may
            self._own_lease = None
            trouble = str(error) or "the API server did not answer in time"
            self._contact.failed(self._clock(), _reason(error), trouble)
            if trouble != self._trouble:
                trace = not isinstance(error, OUTAGE)
                log.warning("the lease cannot be read or written: %s", trouble, exc_info=trace)
            self._trouble = trouble

    async def _renew_or_take(self) -> None:
        if self._own_lease is not None:
            with suppress(Conflict):
                await self._claim(self._own_lease)
                return
            self._own_lease = None
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
        try:
            self._own_lease = await self._write(lease, record)
        except Forbidden:
            self._may_write = bool(self._may_write)
            raise
        self._may_write = True
        self._election.won(record, asked_at)

    async def _read(self) -> Body | None:
        try:
            body = await self._api.get(path(self._path, NAME), total=self._timing.request)
        except Absent:
            self._election.see(None, self._clock())
            return None
        lease = self._decoded(body)
        self._election.see(msgspec.convert(lease.get("spec") or {}, LeaseSpec), self._clock())
        return lease

    async def _write(self, lease: Body | None, record: LeaseSpec) -> Body:
        """Create it, or replace exactly the version that was read.

        Raises:
            Conflict: Another process has written it since.
        """
        metadata = {"name": NAME, "namespace": self._namespace}
        manifest = lease or {"apiVersion": API_VERSION, "kind": "Lease", "metadata": metadata}
        method, at = ("PUT", path(self._path, NAME)) if lease else ("POST", self._path)
        spec = (manifest.get("spec") or {}) | msgspec.to_builtins(record)
        sent = manifest | {"spec": spec}
        return self._decoded(await self._api.send(method, at, sent, total=self._timing.request))

    def _decoded(self, body: bytes) -> Body:
        """The lease in an answer; the next watch begins at its version."""
        lease = msgspec.json.decode(body, type=Body)
        self._version = str(lease["metadata"]["resourceVersion"])
        return lease

    async def _rest(self) -> None:
        """Until the next attempt; while another process is seen to renew the lease, there is none.

        Whoever writes the lease, or releases it, wakes this one.
        """
        while True:
            self._seen.clear()
            quiet = self._is_watched and self.led_by_another()
            longest = (SILENCE if quiet else 1) * self._timing.retry
            try:
                async with asyncio.timeout(self._election.pause(self._clock(), longest)):
                    await self._seen.wait()
            except TimeoutError:
                return
            await self._notify()
            if not self.led_by_another():
                await asyncio.sleep(BREATH)
                return

    async def _watch(self) -> None:
        """Note what others write into the lease, for as long as this process takes part."""
        while True:
            if self._version and not self._trouble:
                with suppress(*OUTAGE):
                    await self._follow()
                self._is_watched = False
            await asyncio.sleep(self._timing.retry)

    async def _follow(self) -> None:
        """One watch, until the server ends it or it fails."""
        query: list[tuple[str, str | int]] = [
            ("watch", "true"),
            ("fieldSelector", field_selector(metadata__name=NAME)),
            ("resourceVersion", self._version),
            ("timeoutSeconds", WATCH),
        ]
        limits = TimeLimits(total=None, connect=self._timing.request)
        async with self._api.stream(self._path, query, limits=limits) as response:
            self._is_watched = True
            async for line in response.content:
                event = msgspec.json.decode(line, type=_Event)
                if event.type == "ERROR":
                    return
                confirm_event(self._path, bytes(event.object))
                self._note(event)

    def _note(self, event: _Event) -> None:
        """Take note of the lease as somebody else wrote or deleted it."""
        lease = msgspec.json.decode(event.object, type=Body)
        meta = lease.get("metadata") or {}
        version, spec = str(meta.get("resourceVersion", "")), lease.get("spec") or {}
        if event.type == "DELETED":
            self._own_lease = None
        elif spec.get("holderIdentity") == self.me or not _is_newer(version, self._version):
            return
        else:
            self._version, self._own_lease = version, None
            self._election.see(msgspec.convert(spec, LeaseSpec), self._clock())
            self._contact.answered(self._clock())
        self._seen.set()

    async def _notify(self) -> None:
        """Wake those who wait for another standing, and log the standing where it changed."""
        standing = self.standing
        if standing is not self._logged:
            held = f", {self.holder} leads" if standing is Standing.STANDBY else ""
            log.info("election: %s%s", standing.value, held)
            self._logged = standing
        async with self._changes:
            self._changes.notify_all()


class _Event(msgspec.Struct):
    """A line of a watch."""

    type: str
    object: msgspec.Raw


def _is_newer(version: str, known: str) -> bool:
    """Whether a resource version is newer; one that is no number may be."""
    if version.isdecimal() and known.isdecimal():
        return int(version) > int(known)
    return version != known


def _reason(error: Exception) -> OutageReason:
    match error:
        case Unreachable() | TimeoutError():
            return OutageReason.UNREACHABLE
        case Unauthorized() | Forbidden():
            return OutageReason.NOT_ALLOWED
        case _:
            return OutageReason.ERRORS


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
