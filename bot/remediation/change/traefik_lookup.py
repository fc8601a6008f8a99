"""Traefik's own view of a route after a change: recorded beside the proof, and never a condition.

Source: issue 5: "Traefik's own view of the VIP where it can be read, else recorded as not seen".
"""

from __future__ import annotations

from bot.domain.redaction.redact import redact
from bot.net.diagnosis.observation import Belief
from bot.net.diagnosis.subject import Subject
from bot.remediation.change.fields import Action
from bot.remediation.change.plan import RepairPlan

LONGEST = 900
"""Characters of the line. Source: deploy/base/change-crd.yaml takes twice that."""

MOST = 8
"""Servers that are named."""


def names(plan: RepairPlan) -> tuple[str, ...]:
    """How to ask for the route as it is after the change, the most exact first.

    A conversion leaves IngressRoutes in the place of the Ingress that was asked for.
    """
    rule = plan.asked.partition(" ")[2]
    made = [
        f"ingressroute/{step.object.namespace}/{step.object.name}"
        for step in plan.steps
        if step.action is Action.CREATE_INGRESSROUTE
    ]
    found = [f"{name} {rule}".strip() for name in made] + made
    return tuple(dict.fromkeys(found or [plan.asked]))


def line(belief: Belief, subject: Subject) -> str:
    """Where Traefik says that it sends the route's requests."""
    if not belief.servers:
        return unseen(" ".join(belief.unseen) or "It names no server of this route.")
    named = ", ".join(_address(*server) for server in belief.servers[:MOST])
    vips = set(subject.vips)
    if all(host in vips for host, _ in belief.servers):
        said = f"it sends to {named}, the VIP."
    else:
        said = f"it sends to {named}, and not to the VIP {', '.join(sorted(vips))} alone."
    return f"Traefik's own view ({belief.of}): {said}"[:LONGEST]


def unseen(why: str) -> str:
    """That it is not known."""
    return f"Traefik's own view of the VIP was not seen. {redact(why)}"[:LONGEST]


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
