"""What stands behind `meshmedic doctor` and `/doctor`: look at both sides, and say what it means.

Nothing waits for anything else longer than it must: a side that hangs is not seen, and does not
hide the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from bot.digest.domain.facts import DigestFacts
from bot.doctor.domain import (
    clock,
    cluster,
    digests,
    election,
    people,
    permissions,
    registration,
    repository,
    traefik,
)
from bot.doctor.domain.examination import Area, CheckUp, Examination, Outcome
from bot.doctor.domain.facts import (
    ClusterFacts,
    DiscordFacts,
    DiscordServerFacts,
    Right,
    Setup,
    refused,
)
from bot.domain.facts import RepositoryFacts, Unset
from bot.domain.refusal import NotObserved
from bot.health.checks import CHECKS

PATIENCE = 12.0
"""Seconds for each side; the sides themselves give up earlier, call by call."""


class Discord(Protocol):
    """What the doctor needs of Discord."""

    async def look(self, setup: Setup) -> DiscordFacts:
        """What Discord tells about the bot; what fails is in the facts."""
        ...


class DoctorCluster(Protocol):
    """What the doctor needs of a cluster."""

    async def look(self, rights: tuple[Right, ...], *, lease_in: str = "") -> ClusterFacts:
        """What the API server tells, and whether each right is given; what fails is in it.

        `lease_in` is the namespace of the bot's Lease; empty where it has none.
        """
        ...


class RepositoryReader(Protocol):
    """What the doctor needs of a Git repository and its host."""

    async def look(self) -> RepositoryFacts:
        """What both tell; what fails is in the facts."""
        ...


@dataclass(frozen=True, slots=True)
class Doctor:
    """Both sides, what the settings want of them, and the repository, where one is set.

    `digests` tells what is kept of digests.
    """

    discord: Discord
    cluster: DoctorCluster
    setup: Setup
    digests: Callable[[], Awaitable[DigestFacts]] | None = None
    patience: float = PATIENCE
    repository: RepositoryReader | None = None

    async def examine(self) -> CheckUp:
        """Look at all sides at once."""
        found, seen, last, kept = await asyncio.gather(
            self._discord(), self._cluster(), self._digests(), self._repository()
        )
        told = (*_of_discord(found, self.setup), *last, *_of_cluster(seen, self.setup))
        return CheckUp((*told, *repository.examine(kept)))

    async def _digests(self) -> tuple[Examination, ...]:
        if self.digests is None:
            return ()
        try:
            async with asyncio.timeout(self.patience):
                return (digests.examine(await self.digests()),)
        except TimeoutError:
            return (digests.unseen("The API server did not answer in time."),)

    async def _discord(self) -> DiscordFacts:
        try:
            async with asyncio.timeout(self.patience):
                return await self.discord.look(self.setup)
        except TimeoutError:
            return refused(NotObserved("Discord did not answer in time."))

    async def _cluster(self) -> ClusterFacts:
        try:
            async with asyncio.timeout(self.patience):
                return await self.cluster.look(
                    (*cluster.wanted(CHECKS, self.setup), *election.wanted(self.setup)),
                    lease_in=self.setup.state_namespace,
                )
        except TimeoutError:
            return ClusterFacts.unseen("", "The API server did not answer in time.")

    async def _repository(self) -> RepositoryFacts | Unset:
        if self.repository is None:
            return Unset("MESHMEDIC_GIT_URL")
        try:
            async with asyncio.timeout(self.patience):
                return await self.repository.look()
        except TimeoutError:
            lost = NotObserved("The repository's host did not answer in time.")
            return RepositoryFacts("", "", lost, lost)


def _of_discord(facts: DiscordFacts, setup: Setup) -> Iterator[Examination]:
    yield registration.token(facts)
    yield from registration.application(facts)
    yield registration.server(facts, setup)
    if isinstance(facts.server, DiscordServerFacts):
        yield from permissions.examine(facts.server, facts.here, setup.uses)
    else:
        yield Examination(
            Area.DISCORD, "permissions", Outcome.UNSEEN, "The server could not be read."
        )
    yield from people.examine(facts, setup)
    yield registration.commands(facts, setup)
    why = facts.login.why if isinstance(facts.login, NotObserved) else "Discord sent no date."
    yield clock.examine(Area.DISCORD, "Discord's", facts.skew, why)


def _of_cluster(facts: ClusterFacts, setup: Setup) -> Iterator[Examination]:
    yield cluster.server(facts)
    yield election.leader(facts, setup)
    yield from cluster.kinds(facts)
    yield from cluster.access(facts, CHECKS, setup)
    yield election.keeping(facts, setup)
    yield from traefik.examine(facts)
    why = facts.version.why if isinstance(facts.version, NotObserved) else "It sent no date."
    yield clock.examine(Area.CLUSTER, "the API server's", facts.skew, why)
