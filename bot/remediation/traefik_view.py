"""Asks Traefik itself where it sends a route's requests, once a change of it was proven."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bot.domain.snapshot import Snapshot, SnapshotReader
from bot.errors import MeshmedicError
from bot.net import route_resolution as resolving
from bot.net.diagnosis.service import TraefikView
from bot.net.diagnosis.subject import Subject
from bot.remediation.change import traefik_lookup as sight
from bot.remediation.change.plan import RepairPlan

LONGEST = 20.0
"""Seconds; the change is proven by then, so nothing waits for more."""


@dataclass(frozen=True, slots=True)
class TraefikConfirmation:
    """By Traefik's API, else its log."""

    cluster: SnapshotReader
    traefik: TraefikView

    async def seen(self, plan: RepairPlan) -> str:
        """A line for people. Never raises: what cannot be read is said to be not seen."""
        try:
            async with asyncio.timeout(LONGEST):
                subject = _subject(plan, await self.cluster.snapshot(resolving.READS))
                if subject is None:
                    return sight.unseen("The route was not found again.")
                return sight.line(await self.traefik.belief(subject), subject)
        except (MeshmedicError, TimeoutError) as error:
            return sight.unseen(str(error) or f"It did not come within {LONGEST:g} s.")


def _subject(plan: RepairPlan, snapshot: Snapshot) -> Subject | None:
    found = (resolving.resolve(snapshot, name) for name in sight.names(plan))
    return next((subject for subject in found if isinstance(subject, Subject)), None)
