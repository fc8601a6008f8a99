"""Examines a set-up for `meshmedic doctor` and `/doctor`.

A side that hangs is reported as not observed, and does not hide the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from bot.digest.domain.records import DigestFacts
from bot.doctor.domain import (
    agents,
    bots,
    channels,
    choices,
    clock,
    cluster,
    digests,
    election,
    guards,
    heartbeat,
    people,
    permissions,
    prober,
    registration,
    remediation,
    repository,
    traefik,
)
from bot.doctor.domain.diagnostic import Area, Diagnostic, DiagnosticReport, Topic
from bot.doctor.domain.facts import (
    AgentsFacts,
    ClusterFacts,
    DiscordFacts,
    DiscordServerFacts,
    Right,
    Setup,
    without_login,
)
from bot.domain.facts import Denied, RepositoryFacts, Unset
from bot.domain.heartbeat import HeartbeatFacts
from bot.domain.refusal import NotObserved
from bot.errors import MeshmedicError
from bot.health.checks import CHECKS
from bot.setup.domain.choices import ServerChoices

PATIENCE = 12.0
"""Seconds for each side; single requests time out earlier."""


SILENT = "The API server did not answer in time."

T = TypeVar("T")


class Discord(Protocol):
    """What the doctor needs of Discord."""

    async def look(self, setup: Setup) -> DiscordFacts:
        """Facts about the bot in Discord; failures are part of them."""
        ...


class DoctorCluster(Protocol):
    """What the doctor needs of a cluster."""

    async def look(self, rights: tuple[Right, ...], *, lease_in: str = "") -> ClusterFacts:
        """Facts of the API server and whether each right is granted; failures are part of them.

        `lease_in` is the namespace of the bot's Lease; empty where it has none.
        """
        ...


class RepositoryReader(Protocol):
    """What the doctor needs of a Git repository and its host."""

    async def look(self) -> RepositoryFacts:
        """Facts of both; failures are part of them."""
        ...


class AgentsReader(Protocol):
    """What the doctor needs of the prober's agents."""

    async def look(self) -> AgentsFacts | Denied | NotObserved | None:
        """Facts of them; None where the component is not installed."""
        ...


def wanted(setup: Setup) -> tuple[Right, ...]:
    """Every permission in the cluster that the doctor asks about."""
    return (
        *cluster.wanted(CHECKS, setup),
        *election.wanted(setup),
        *remediation.IMPERSONATION,
        *prober.wanted(),
    )


def unchanged(setup: Setup, _choices: ServerChoices) -> Setup:
    """Nobody chooses anything."""
    return setup


@dataclass(frozen=True, slots=True)
class Doctor:
    """Examines a set-up: the cluster, what the settings say, and a repository where one is set.

    digests: Reads what is stored of digests.
    agents: Reads what the prober's agents do.
    heartbeat: What this process knows of its pings; None where it isn't the bot.
    choices: Reads what people chose by `/setup`, and `chosen` is the set-up with that.
    patience: Seconds for each side.
    """

    cluster: DoctorCluster
    setup: Setup
    digests: Callable[[], Awaitable[DigestFacts]] | None = None
    patience: float = PATIENCE
    repository: RepositoryReader | None = None
    agents: AgentsReader | None = None
    heartbeat: Callable[[], HeartbeatFacts] | None = None
    choices: Callable[[], Awaitable[ServerChoices]] | None = None
    chosen: Callable[[Setup, ServerChoices], Setup] = unchanged

    async def examine(self, discord: Discord) -> DiagnosticReport:
        """Look at all sides at once, with what people chose by `/setup`."""
        return await replace(self, setup=await self._present_setup()).examine_setup(discord)

    async def _present_setup(self) -> Setup:
        if self.choices is None:
            return self.setup
        made: ServerChoices | NotObserved
        try:
            made = await self._in_time(self.choices(), NotObserved(SILENT))
        except MeshmedicError as error:
            made = NotObserved(str(error))
        if isinstance(made, NotObserved):
            return replace(self.setup, choices=made)
        return self.chosen(self.setup, made)

    async def examine_setup(self, discord: Discord) -> DiagnosticReport:
        """Look at all sides at once, without asking what people chose."""
        (
            discord_facts,
            cluster_facts,
            last_digest,
            repository_facts,
            agents_facts,
        ) = await asyncio.gather(
            self._discord(discord),
            self._cluster(),
            self._last_digest(),
            self._repository(),
            self._agents(),
        )
        diagnostics = (
            choices.examine(discord_facts, self.setup),
            heartbeat.examine(self.heartbeat() if self.heartbeat else None, self.setup),
            *_of_discord(discord_facts, self.setup),
            *last_digest,
            *_of_cluster(cluster_facts, self.setup),
            *agents.examine(agents_facts, cluster_facts, self.setup),
            *repository.examine(repository_facts),
        )
        return DiagnosticReport(diagnostics)

    async def _discord(self, discord: Discord) -> DiscordFacts:
        lost = without_login(NotObserved("Discord did not answer in time."))
        return await self._in_time(discord.look(self.setup), lost)

    async def _cluster(self) -> ClusterFacts:
        look = self.cluster.look(wanted(self.setup), lease_in=self.setup.state_namespace)
        return await self._in_time(look, ClusterFacts.unobserved("", SILENT))

    async def _last_digest(self) -> tuple[Diagnostic, ...]:
        if self.digests is None:
            return ()
        facts = await self._in_time(self.digests(), None)
        return (digests.examine(facts) if facts else digests.TOPIC.unobserved(SILENT),)

    async def _repository(self) -> RepositoryFacts | Unset:
        if self.repository is None:
            return Unset("MESHMEDIC_GIT_URL")
        lost = NotObserved("The repository's host did not answer in time.")
        return await self._in_time(self.repository.look(), RepositoryFacts("", "", lost, lost))

    async def _agents(self) -> AgentsFacts | Denied | NotObserved | None:
        if self.agents is None:
            return None
        return await self._in_time(self.agents.look(), NotObserved(SILENT))

    async def _in_time(self, look: Awaitable[T], otherwise: T) -> T:
        try:
            async with asyncio.timeout(self.patience):
                return await look
        except TimeoutError:
            return otherwise


def _of_discord(facts: DiscordFacts, setup: Setup) -> Iterator[Diagnostic]:
    yield registration.token(facts)
    yield registration.application(facts)
    yield registration.intents(facts)
    yield registration.server(facts, setup)
    if isinstance(facts.server, DiscordServerFacts):
        closed = dict(channels.examine(facts.server.channels, facts.named, setup))
        yield from permissions.examine(facts.server, facts.here, setup.uses, closed)
        yield from closed.values()
    else:
        yield Topic(Area.DISCORD, "permissions").unobserved("The server could not be read.")
    yield from people.examine(facts, setup)
    yield registration.commands(facts, setup)
    why = facts.login.why if isinstance(facts.login, NotObserved) else "Discord sent no date."
    yield clock.examine(Area.DISCORD, "Discord's", facts.skew, why)


def _of_cluster(facts: ClusterFacts, setup: Setup) -> Iterator[Diagnostic]:
    yield cluster.server(facts)
    yield election.leader(facts, setup)
    yield bots.examine(facts, setup)
    yield from cluster.kinds(facts)
    yield from cluster.access(facts, CHECKS, setup)
    yield election.state_access(facts, setup)
    yield remediation.examine(facts, setup)
    yield from guards.examine(facts)
    yield from traefik.examine(facts)
    yield from prober.examine(facts, setup)
    why = facts.version.why if isinstance(facts.version, NotObserved) else "It sent no date."
    yield clock.examine(Area.CLUSTER, "the API server's", facts.skew, why)
