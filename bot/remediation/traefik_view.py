"""Asks Traefik itself where it sends a route's requests, once a change was proven to help."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bot.domain.snapshot import Snapshot, SnapshotReader
from bot.errors import MeshmedicError
from bot.net import route_resolution
from bot.net.diagnosis.service import TraefikView
from bot.net.diagnosis.subject import Subject
from bot.remediation.change import traefik_lookup
from bot.remediation.change.plan import RepairPlan

LONGEST = 20.0
"""Seconds. The change is proven by then, so nothing waits for more."""


@dataclass(frozen=True, slots=True)
class TraefikConfirmation:
    """Traefik's own view of a route, by its API, else by its log."""

    cluster: SnapshotReader
    traefik: TraefikView

    async def describe(self, plan: RepairPlan) -> str:
        """A line for people. Never raises: what cannot be read is called unobserved."""
        try:
            async with asyncio.timeout(LONGEST):
                subject = _subject(plan, await self.cluster.snapshot(route_resolution.READS))
                if subject is None:
                    return traefik_lookup.unseen("The route was not found again.")
                return traefik_lookup.line(await self.traefik.belief(subject), subject)
        except (MeshmedicError, TimeoutError) as error:
            return traefik_lookup.unseen(str(error) or f"It did not come within {LONGEST:g} s.")


def _subject(plan: RepairPlan, snapshot: Snapshot) -> Subject | None:
    names = traefik_lookup.names(plan)
    subjects = (route_resolution.resolve(snapshot, name) for name in names)
    return next((subject for subject in subjects if isinstance(subject, Subject)), None)
