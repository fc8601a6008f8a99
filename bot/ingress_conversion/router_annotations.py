"""What an Ingress says of its routers, by Traefik's version.

Source: `RouterIng` of kubernetesingress, v2.10 to v3.7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.ingress_conversion import target as since
from bot.ingress_conversion.labels import Each, Fields, Group, Leaf, decode
from bot.ingress_conversion.refusals import ConversionReason, Unfaithful
from bot.ingress_conversion.target import ConversionTarget

TLS: Fields = {
    "options": Leaf.TEXT,
    "certresolver": Leaf.TEXT,
    "domains": Each({"main": Leaf.TEXT, "sans": Leaf.TEXTS}),
}

MOST_PRIORITY = 2**63 - 1 - 1000
"""Above it Traefik keeps priorities for itself (`maxUserPriority`)."""

SPELT = {
    "accesslogs": "accessLogs",
    "metrics": "metrics",
    "tracing": "tracing",
    "traceverbosity": "traceVerbosity",
}
VERBOSITIES = ("minimal", "detailed")


@dataclass(frozen=True, slots=True)
class RouterTls:
    """`router.tls`: the router speaks TLS on each of its entrypoints."""

    options: str = ""
    cert_resolver: str = ""
    domains: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class RouterOptions:
    """The annotations `router.*` of an Ingress; None and empty where nothing is said."""

    path_matcher: str = ""
    entry_points: tuple[str, ...] = ()
    middlewares: tuple[str, ...] = ()
    priority: int = 0
    rule_syntax: str = ""
    tls: RouterTls | None = None
    observability: Mapping[str, Any] = field(default_factory=dict)


def read(annotations: Mapping[str, str], target: ConversionTarget) -> RouterOptions:
    """What the Ingress says of its routers.

    Raises:
        Unfaithful: This Traefik does not take one of them, and so not the Ingress.
    """
    said = decode(annotations, "router", _fields(target), "the Ingress")
    tls = said.get("tls")
    observability = said.get("observability") or {}
    if observability.get("traceverbosity", VERBOSITIES[0]) not in VERBOSITIES:
        raise Unfaithful(
            ConversionReason.REJECTED_ANNOTATION, "router.observability.traceverbosity"
        )
    if said.get("priority", 0) > MOST_PRIORITY:
        raise Unfaithful(
            ConversionReason.REJECTED_ANNOTATION, "router.priority is reserved for Traefik"
        )
    return RouterOptions(
        path_matcher=said.get("pathmatcher", ""),
        entry_points=tuple(said.get("entrypoints", ())),
        middlewares=tuple(said.get("middlewares", ())),
        priority=said.get("priority", 0),
        rule_syntax=said.get("rulesyntax", ""),
        tls=None if tls is None else _tls(tls),
        observability={SPELT[key]: value for key, value in observability.items()},
    )


def _tls(said: Mapping[str, Any]) -> RouterTls:
    return RouterTls(
        said.get("options", ""), said.get("certresolver", ""), tuple(said.get("domains", ()))
    )


def _fields(target: ConversionTarget) -> Fields:
    fields: dict[str, Leaf | Group | Each] = {
        "pathmatcher": Leaf.TEXT,
        "entrypoints": Leaf.TEXTS,
        "middlewares": Leaf.TEXTS,
        "priority": Leaf.NUMBER,
        "tls": Group(TLS),
    }
    if target.since(since.SINCE_RULE_SYNTAX):
        fields["rulesyntax"] = Leaf.TEXT
    if target.since(since.SINCE_OBSERVABILITY):
        told: dict[str, Leaf | Group | Each] = dict.fromkeys(
            ("accesslogs", "metrics", "tracing"), Leaf.FLAG
        )
        if target.since(since.SINCE_TRACE_VERBOSITY):
            told["traceverbosity"] = Leaf.TEXT
        fields["observability"] = Group(told)
    return fields
