"""Asks Traefik itself where it sends a route's requests, once a change was proven to help.

The answer is recorded beside the proof, and is never a condition.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bot.domain.redaction.redact import redact
from bot.domain.sentences import sentences
from bot.domain.snapshot import Snapshot, SnapshotReader
from bot.errors import MeshmedicError
from bot.net import route_resolution
from bot.net.diagnosis.observation import Belief
from bot.net.diagnosis.service import TraefikView
from bot.net.diagnosis.subject import Subject
from bot.remediation.change.fields import Action
from bot.remediation.change.plan import RepairPlan

TIMEOUT = 20.0
"""Seconds. The change is proven by then, so nothing waits for more."""

LONGEST = 900
"""Characters of the line: half of what deploy/base/change-crd.yaml takes."""

MOST = 8
"""Servers that a line names."""


@dataclass(frozen=True, slots=True)
class TraefikConfirmation:
    """Traefik's own view of a route, by its API, else by its log."""

    cluster: SnapshotReader
    traefik: TraefikView

    async def describe(self, plan: RepairPlan) -> str:
        """A line for people. Never raises: what cannot be read is called unobserved."""
        try:
            async with asyncio.timeout(TIMEOUT):
                subject = _subject(plan, await self.cluster.snapshot(route_resolution.READS))
                if subject is None:
                    return unseen("The route was not found again.")
                return line(await self.traefik.belief(subject), subject)
        except (MeshmedicError, TimeoutError) as error:
            return unseen(str(error) or f"It did not come within {TIMEOUT:g} s.")


def _subject(plan: RepairPlan, snapshot: Snapshot) -> Subject | None:
    subjects = (route_resolution.resolve(snapshot, name) for name in names(plan))
    return next((subject for subject in subjects if isinstance(subject, Subject)), None)


def names(plan: RepairPlan) -> tuple[str, ...]:
    """How to ask for the route as it is after the change, the most exact first.

    A conversion leaves IngressRoutes instead of the Ingress that was asked for.
    """
    rule = plan.asked.partition(" ")[2]
    created = [
        f"ingressroute/{step.object.namespace}/{step.object.name}"
        for step in plan.steps
        if step.action is Action.CREATE_INGRESSROUTE
    ]
    exact = [f"{name} {rule}".strip() for name in created]
    return tuple(dict.fromkeys([*exact, *created] or [plan.asked]))


def line(belief: Belief, subject: Subject) -> str:
    """Say where Traefik sends the requests of a route."""
    if not belief.servers:
        return unseen(sentences(*belief.unseen) or "It names no server of this route.")
    named = ", ".join(_address(*server) for server in belief.servers[:MOST])
    vips = set(subject.vips)
    if all(host in vips for host, _ in belief.servers):
        where = f"it sends to {named}, the VIP."
    else:
        where = f"it sends to {named}, and not to the VIP {', '.join(sorted(vips))} alone."
    return f"Traefik's own view ({belief.of}): {where}"[:LONGEST]


def unseen(why: str) -> str:
    """Say that Traefik's view is unknown, and why."""
    return f"The bot couldn't see whether Traefik uses the VIP. {redact(why)}"[:LONGEST]


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
