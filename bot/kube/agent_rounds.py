"""The latest background rounds of all agents, out of their logs, by the API server."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from bot.errors import Absent, ClusterError, Forbidden
from bot.kube.agents import Agents, ProberAgent
from bot.kube.client import Query
from bot.net.mesh.rounds import INTERVALS, KEPT, Round, Witness, read_rounds

AT_ONCE = 4
"""Logs that are read at a time."""

LINES = 4000
SIZE = 1024 * 1024
"""Lines and bytes of a log: three rounds of fifty nodes have 450 lines of some 250 bytes, and jobs
and what was heard stand between them. So many lines fit, or the newest would be cut off."""

LONGEST = 45.0
"""Seconds for all of it; who was not read by then is not seen."""

LATE = "there was no time to read its log"


class AgentRounds:
    """Reads each log again once its agent's next round is due, and remembers rounds meanwhile."""

    def __init__(self, agents: Agents) -> None:
        self._agents = agents
        self._rounds: dict[str, tuple[Round, ...]] = {}
        """By pod."""

    async def witnesses(self) -> tuple[Witness, ...] | None:
        """What every agent told last; None where no agents are installed.

        Raises:
            ClusterError: Nobody can tell.
        """
        present = await self._installed()
        if present is None:
            return None
        there = {agent.pod for agent in present}
        self._rounds = {pod: kept for pod, kept in self._rounds.items() if pod in there}
        room = asyncio.Semaphore(AT_ONCE)
        end = asyncio.get_running_loop().time() + LONGEST
        found = await asyncio.gather(*(self._witness(agent, room, end) for agent in present))
        return _one_a_node(found)

    async def _installed(self) -> tuple[ProberAgent, ...] | None:
        """The agents; None where there is no place for them, or no right to see any."""
        try:
            await self._agents.peers.read()
            allowed = True
        except Absent:
            return None
        except Forbidden:
            # The component brings the ConfigMap and the right to read it: is it there at all?
            allowed = False
        try:
            present = await self._agents.present()
        except Forbidden:
            if allowed:
                raise
            return None
        return present if allowed or present else None

    async def _witness(self, agent: ProberAgent, room: asyncio.Semaphore, end: float) -> Witness:
        kept = self._rounds.get(agent.pod, ())
        unread = ""
        if agent.every and _is_due(kept, agent.every):
            try:
                async with asyncio.timeout_at(end), room:
                    kept = self._rounds[agent.pod] = _merged(kept, await self._read(agent))
            except TimeoutError:
                unread = LATE
            except ClusterError as error:
                unread = f"its agent's log cannot be read: {error}"
        return Witness(
            node=agent.node,
            ready=agent.ready,
            since=agent.since,
            every=agent.every,
            rounds=kept,
            unread=unread,
        )

    async def _read(self, agent: ProberAgent) -> tuple[Round, ...]:
        more: Query = [("tailLines", LINES), ("timestamps", "true")]
        log = await self._agents.log(agent, INTERVALS * agent.every, size=SIZE, more=more)
        return await asyncio.to_thread(read_rounds, log)


def _is_due(kept: tuple[Round, ...], every: float) -> bool:
    """Whether there may be a round that is not known; a clock that differs is no reason to wait."""
    age = datetime.now(UTC) - kept[-1].ended if kept else None
    return age is None or not timedelta() <= age < timedelta(seconds=every)


def _merged(kept: tuple[Round, ...], new: tuple[Round, ...]) -> tuple[Round, ...]:
    """What is remembered stays where other lines have pushed it out of the log's end."""
    by_end = {round_.ended: round_ for round_ in (*kept, *new)}
    return tuple(by_end[end] for end in sorted(by_end))[-KEPT:]


def _one_a_node(found: list[Witness]) -> tuple[Witness, ...]:
    """Of two agents on a node, while one takes the other's place, the one that began last."""
    oldest = datetime.min.replace(tzinfo=UTC)
    by_age = sorted(found, key=lambda witness: witness.since or oldest)
    return tuple({witness.node: witness for witness in by_age}.values())
