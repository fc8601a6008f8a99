"""A leader and a standby on one stage, and what strikes the leader in the middle of its work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import aiohttp

from bot.sandbox.kubernetes_api import serve
from tests.clusters.wire import Mode
from tests.faults.stage import PATIENCE, WELCOME, Stage
from tests.wire import discord_server, endpoints
from tests.wire.bot_process import a_cluster
from tests.wire.interactions import until
from tests.wire.outages import outages, recoveries, stored
from tests.wire.pair import PLACE, Member, member
from tests.wire.world import CHANNEL_ID

BUSY = 20.0
"""Seconds within which the work must have begun that is to be interrupted."""

BETWEEN = 3.0
"""Seconds between two questions while nobody leads."""

NEVER = 600.0
"""Seconds that no fault lasts: what is held up for so long was not sent."""

SLOW = 4.0
"""Seconds that a write is held up: less than the bot's own limit, so that it waits for it."""

ALERTS = {"MESHMEDIC_ALERT_CHANNEL": str(CHANNEL_ID)}

FULL = {"other": "x" * (1024 * 1024 - 10)}


@dataclass
class Posts(Stage):
    """The processes, the leader first; `struck` is when it was hit."""

    url: str = ""
    members: list[Member] = field(default_factory=list)
    struck: float = 0.0

    async def join(self) -> Member:
        """One process more; it stands by, unless it is the first."""
        folder = self.folder / f"post-{len(self.members)}"
        made = await self._running.enter_async_context(
            member(self.server, self.url, folder, more=self.environment)
        )
        self.members.append(made)
        return made

    async def led_again(self, seconds: float) -> float | None:
        """Seconds from the strike until another process acts; people go on asking meanwhile.

        Raises:
            AssertionError: Two acted at one moment.
        """
        before, asked = self.members[0], time.monotonic()
        while time.monotonic() - self.struck < seconds:
            leaders = [each for each in self.members if await _leads(each)]
            assert len(leaders) < 2, "two processes act"
            if leaders and leaders[0] is not before:
                return time.monotonic() - self.struck
            if time.monotonic() - asked > BETWEEN:
                asked = time.monotonic()
                await self.ask()
            await asyncio.sleep(0.1)
        return None

    async def all_told(self) -> None:
        """Wait until whoever will be answered has been."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if not self.lost:
                return
            await asyncio.sleep(0.1)

    def strike(self) -> None:
        """Now."""
        self.struck = time.monotonic()

    def record(self, name: str) -> dict[str, Any] | None:
        """A ConfigMap of the bot's."""
        assert self.cluster is not None
        return self.cluster.get("ConfigMap", PLACE, f"meshmedic-{name}")

    def writes(self, plural: str) -> int:
        """How many writes of a resource were begun."""
        assert self.cluster is not None
        return sum(
            each.method in ("POST", "PUT") and f"/{plural}" in each.path
            for each in self.cluster.requests
        )


async def _leads(each: Member) -> bool:
    """Whether it says so; one that is ending or has ended says nothing."""
    with suppress(aiohttp.ClientError, TimeoutError):
        return each.running.process.returncode is None and await each.leads()
    return False


@asynccontextmanager
async def posted(
    folder: Path, environment: Mapping[str, str] = MappingProxyType({})
) -> AsyncIterator[Posts]:
    """A leader that has answered once, and a standby, in a simulated cluster."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(discord_server.serve(folder))
        cluster = a_cluster()
        url = await stack.enter_async_context(serve(cluster))
        marker = "**paperless-env**"
        stage = Posts(server, None, None, folder, cluster, None, marker, environment, url=url)
        stack.push_async_callback(stage.close)
        leader = await stage.join()
        await leader.becomes_leader()
        await until(lambda: stage.record("commands"), "the registration", BUSY)
        await stage.join()
        if await stage.recovered(WELCOME) is None:
            msg = f"the bots never gave a whole answer: {stage.asked[-1]}"
            raise RuntimeError(msg)
        yield stage


async def _kill(stage: Posts) -> None:
    await stage.members[0].kill()
    stage.strike()


async def killed_answering(stage: Posts) -> None:
    """Acknowledged, and dead before it is told."""
    slow = stage.server.fail(endpoints.EDIT_ORIGINAL, delay=NEVER)
    await stage.ask()
    await until(lambda: slow.hits, "the answer on its way", BUSY)
    await _kill(stage)


async def killed_renewing(stage: Posts) -> None:
    """The renewal is with the API server, which has not decided."""
    await _kill_in_a_write(stage, "leases")


async def killed_keeping(stage: Posts) -> None:
    """The last report is on its way into its ConfigMap."""
    await until(lambda: stage.record("report"), "a first report", BUSY)
    await _kill_in_a_write(stage, "configmaps")


async def _kill_in_a_write(stage: Posts, plural: str) -> None:
    assert stage.cluster is not None
    faults = stage.cluster.faults
    faults.plurals, faults.verbs = frozenset({plural}), frozenset({"create", "update"})
    faults.delay = SLOW
    before = stage.writes(plural)
    asked = await stage.ask()
    await until(lambda: stage.writes(plural) > before, f"a write of {plural}", BUSY)
    await asked.answer(SLOW - 1)  # or the kill may cost the answer, too, which is another strike
    await _kill(stage)
    faults.clear()


async def the_report_is_kept(stage: Posts) -> None:
    """The next one after all of it is written, whole and once."""
    before = stage.record("report")
    await stage.told()
    await until(lambda: stage.record("report") != before, "a newer report", BUSY)
    kept = stage.record("report")
    assert kept is not None
    assert kept["data"]["record"].startswith('{"schema":1,')


async def killed_registering(stage: Posts) -> None:
    """A new leader registers other commands than were kept, and dies of it; a third stands by."""
    assert stage.cluster is not None
    stage.cluster.delete("ConfigMap", PLACE, "meshmedic-commands")
    slow = stage.server.fail(endpoints.SYNC, delay=NEVER)
    code, printed = await stage.members[0].running.terminated(BUSY)
    assert code == 0, printed
    await until(lambda: slow.hits, "the registration", BUSY)
    del stage.members[0]
    await stage.join()
    await _kill(stage)


async def the_commands_are_registered(stage: Posts) -> None:
    """By whoever leads now, which found no word that it had been done."""
    await until(lambda: stage.record("commands"), "the registration", BUSY)
    assert {each["name"] for each in stage.server.commands} >= {"health", "why"}
    assert len(stage.server.sent(endpoints.SYNC)) == 3  # the first, the one that died, and this


async def stopped(stage: Posts) -> None:
    """SIGTERM, as Kubernetes does for an update."""
    stage.members[0].running.process.terminate()
    stage.strike()


async def cut_off(stage: Posts) -> None:
    """Its way to the API server is gone; Discord's is not."""
    stage.members[0].wire.set(Mode.DEAD)
    stage.strike()


async def back(stage: Posts) -> None:
    """The way is there again: who led once stands by."""
    first = stage.members[0]
    assert not await first.leads()
    first.wire.set(Mode.PASSES)


async def both_cut_off(stage: Posts) -> None:
    """The API server is gone for both, once the leader has looked for its alerts."""
    assert stage.cluster is not None
    await until(lambda: stage.record("alerts"), "a first look", BUSY)
    for each in stage.members:
        each.wire.set(Mode.DEAD)
    stage.strike()


async def both_back(stage: Posts) -> None:
    """It is there again; it was told while it was gone, and not twice."""
    assert len(outages(stage.server)) == 1
    assert recoveries(stage.server) == []
    for each in stage.members:
        each.wire.set(Mode.PASSES)


async def the_outage_was_told(stage: Posts) -> None:
    """Once, and so was its end; the message is an incident in the state."""
    assert stage.cluster is not None
    await until(lambda: recoveries(stage.server), "the end of the outage", 3 * 60)
    assert len(outages(stage.server)) == len(recoveries(stage.server)) == 1
    state = stored(stage.cluster)
    assert state is not None
    incidents = state["incidents"]
    (outage,) = incidents
    # Its head may be a watch by now: what is stale for a moment afterwards belongs to it.
    assert any(key.startswith("api-server/") for key in outage["keys"]), outage


async def config_map_full(stage: Posts) -> None:
    """Somebody filled the ConfigMap of the last report."""
    assert stage.cluster is not None
    await until(lambda: stage.record("report"), "a first report", BUSY)
    metadata = {"name": "meshmedic-report", "namespace": PLACE}
    stage.cluster.put({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": FULL})
    before = stage.writes("configmaps/meshmedic-report")
    stage.strike()
    await stage.ask()
    await until(
        lambda: stage.writes("configmaps/meshmedic-report") > before, "a refused write", BUSY
    )


async def config_map_deleted(stage: Posts) -> None:
    """As the log says."""
    assert stage.record("report") is not None
    assert "record" not in (stage.record("report") or {})["data"]
    assert stage.cluster is not None
    stage.cluster.delete("ConfigMap", PLACE, "meshmedic-report")


async def it_was_said(stage: Posts) -> None:
    """What, why and what to do, once; after that the report is kept again."""
    await stage.told()
    await until(lambda: stage.record("report"), "a report in a new ConfigMap", BUSY)
    _, printed = await stage.members[0].running.terminated(BUSY)
    said = "is full or locked, so the report was not kept"
    assert printed.count(said) == 1, printed
    assert f"kubectl -n {PLACE} delete configmap meshmedic-report" in printed
