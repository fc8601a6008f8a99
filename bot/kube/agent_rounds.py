"""The latest background rounds of all agents, read from their logs through the API server."""

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
"""Lines and bytes of a log: three rounds of fifty nodes are 450 lines of some 250 bytes, with lines
of jobs and listeners between them. SIZE has room for LINES: the API server cuts off the newest."""

LONGEST = 45.0
"""Seconds for all logs; one that was not read by then counts as not observed."""

OVERLAP = 60.0
"""Seconds of a log that are read again: a node's clock is not ours."""

LATE = "there was no time to read its log"


class AgentRounds:
    """Reads each log again once its agent's next round is due, and remembers rounds meanwhile.

    After a round in which something failed the next one may come at any time.
    """

    def __init__(self, agents: Agents) -> None:
        self._agents = agents
        self._rounds: dict[str, tuple[Round, ...]] = {}
        """By pod."""

    async def witnesses(self) -> tuple[Witness, ...] | None:
        """The latest rounds of every agent; None where no agents are installed.

        Raises:
            ClusterError: The agents cannot be found.
        """
        present = await self._installed()
        if present is None:
            return None
        pods = {agent.pod for agent in present}
        self._rounds = {pod: rounds for pod, rounds in self._rounds.items() if pod in pods}
        room = asyncio.Semaphore(AT_ONCE)
        end = asyncio.get_running_loop().time() + LONGEST
        witnesses = await asyncio.gather(*(self._witness(agent, room, end) for agent in present))
        return _newest_by_node(witnesses)

    async def _installed(self) -> tuple[ProberAgent, ...] | None:
        """The agents; None where their component is not installed, or nothing of it may be read."""
        try:
            await self._agents.peers.read()
            allowed = True
        except Absent:
            return None
        except Forbidden:
            # The component brings the ConfigMap and the right to read it, so perhaps neither.
            allowed = False
        try:
            present = await self._agents.all()
        except Forbidden:
            if allowed:
                raise
            return None
        return present if allowed or present else None

    async def _witness(self, agent: ProberAgent, room: asyncio.Semaphore, end: float) -> Witness:
        rounds = self._rounds.get(agent.pod, ())
        unread = f"its agent does not run: {agent.why}" if agent.why else ""
        if not unread and agent.every and _is_due(rounds, agent.every):
            try:
                async with asyncio.timeout_at(end), room:
                    new = await self._read(agent, _since(rounds, agent.every))
                    rounds = self._rounds[agent.pod] = _merged(rounds, new)
            except TimeoutError:
                unread = LATE
            except ClusterError as error:
                unread = f"its agent's log cannot be read: {error}"
        return Witness(
            node=agent.node,
            ready=agent.ready and not agent.why,
            since=agent.since,
            every=agent.every,
            rounds=rounds,
            unread=unread,
        )

    async def _read(self, agent: ProberAgent, since: float) -> tuple[Round, ...]:
        more: Query = [("tailLines", LINES), ("timestamps", "true")]
        log = await self._agents.log(agent, since, size=SIZE, more=more)
        return await asyncio.to_thread(read_rounds, log)


def _is_due(rounds: tuple[Round, ...], every: float) -> bool:
    """Whether there may be a newer round, also where the node's clock is ahead of ours."""
    age = _age(rounds)
    return age is None or not timedelta() <= age < timedelta(seconds=every) or rounds[-1].failed


def _since(rounds: tuple[Round, ...], every: float) -> float:
    """The seconds of a log that may hold rounds that are not remembered yet."""
    age, longest = _age(rounds), INTERVALS * every
    if age is None or age < timedelta():
        return longest
    return min(longest, age.total_seconds() + OVERLAP)


def _age(rounds: tuple[Round, ...]) -> timedelta | None:
    return datetime.now(UTC) - rounds[-1].ended if rounds else None


def _merged(remembered: tuple[Round, ...], new: tuple[Round, ...]) -> tuple[Round, ...]:
    """The newest of both: other lines may have pushed a remembered round out of the log's end."""
    # Of a round that was read before, the new text may have the end alone.
    by_end = {round_.ended: round_ for round_ in (*new, *remembered)}
    return tuple(by_end[end] for end in sorted(by_end))[-KEPT:]


def _newest_by_node(witnesses: list[Witness]) -> tuple[Witness, ...]:
    """One agent for each node: the newest, where one is being replaced."""
    oldest = datetime.min.replace(tzinfo=UTC)
    by_age = sorted(witnesses, key=lambda witness: witness.since or oldest)
    return tuple({witness.node: witness for witness in by_age}.values())
