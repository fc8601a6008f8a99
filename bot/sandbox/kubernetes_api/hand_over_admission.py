"""What the policies of the component `remediation` compare: an Ingress and its IngressRoutes.

Of what they compare, the simulation knows the label, and under which name what takes whose place.
"""

from __future__ import annotations

from bot.domain.resources.registry import TRAEFIK
from bot.remediation.change.fields import (
    HAND_OVER,
    REPLACES,
    Manifest,
    annotations_of,
    labels_of,
)
from bot.remediation.change.marker import SUFFIX
from bot.sandbox.kubernetes_api.exchange import Exchange

INGRESSES = "ingresses.networking.k8s.io"
INGRESSROUTES = {group: f"ingressroutes.{group}" for group in TRAEFIK}
ANY = "meshmedic-approver"
ROUTES, BACK = f"{ANY}-routes", f"{ANY}-ingresses"
NO_LABEL = f"an Ingress or IngressRoute is created in the other's place, with the label {HAND_OVER}"
NOTHING_THERE = (
    "failed to configure binding: no params found for policy binding with `Deny` "
    "parameterNotFoundAction"
)
ELSE = "it takes the place of another object than {name}, which is handed over here"


async def objection(exchange: Exchange) -> tuple[str, str]:
    """The policy that refuses what is created, and why; empty where none does."""
    is_ingress = exchange.qualified == INGRESSES
    if not is_ingress and exchange.qualified not in INGRESSROUTES.values():
        return "", ""
    made = await exchange.sent()
    label = labels_of(made).get(HAND_OVER, "")
    if not label and exchange.parameter("dryRun"):
        return "", ""
    if label not in TRAEFIK:
        return ANY, NO_LABEL
    policy = BACK if is_ingress else ROUTES
    there = _labelled(exchange, INGRESSROUTES[label] if is_ingress else INGRESSES)
    if not there:
        return policy, NOTHING_THERE
    others = [other for other in there if not _fit(made, other)]
    return (policy, ELSE.format(name=others[0]["metadata"]["name"])) if others else ("", "")


def _fit(made: Manifest, there: Manifest) -> bool:
    """Whether the one says that it takes the other's place."""
    if made["kind"] == "Ingress":
        name = str(made["metadata"]["name"]).removesuffix(SUFFIX)
        return bool(annotations_of(there).get(REPLACES) == name)
    return bool(annotations_of(made).get(REPLACES) == there["metadata"]["name"])


def _labelled(exchange: Exchange, qualified: str) -> list[Manifest]:
    """The objects of the namespace that have the label."""
    objects = (stored.plain() for stored in exchange.cluster.in_order(qualified))
    return [
        route
        for route in objects
        if route["metadata"].get("namespace") == exchange.target.namespace
        and HAND_OVER in labels_of(route)
    ]
