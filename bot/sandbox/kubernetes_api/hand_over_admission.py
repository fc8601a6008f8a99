"""What the policies of the component `remediation` compare: an Ingress and its IngressRoutes.

The simulation compares only the label and the name of the object that is replaced.
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
NOT_REPLACED = "it does not replace {name}, which is handed over here"


async def objection(exchange: Exchange) -> tuple[str, str]:
    """The policy that refuses a new object, and why; empty if none does."""
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
    others = [other for other in there if not _replaces(made, other)]
    return (policy, NOT_REPLACED.format(name=others[0]["metadata"]["name"])) if others else ("", "")


def _replaces(made: Manifest, there: Manifest) -> bool:
    """Whether a new object says that it replaces the existing one."""
    if made["kind"] == "Ingress":
        name = str(made["metadata"]["name"]).removesuffix(SUFFIX)
        return bool(annotations_of(there).get(REPLACES) == name)
    return bool(annotations_of(made).get(REPLACES) == there["metadata"]["name"])


def _labelled(exchange: Exchange, qualified: str) -> list[Manifest]:
    """The objects of the namespace that have the label."""
    stored = (entry.plain() for entry in exchange.cluster.in_order(qualified))
    return [
        manifest
        for manifest in stored
        if manifest["metadata"].get("namespace") == exchange.target.namespace
        and HAND_OVER in labels_of(manifest)
    ]
