"""A situation to plan from: an Ingress or IngressRoute, its Service, a diagnosis."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from bot.domain.finding import Ref
from bot.ingress_conversion.known import gather
from bot.ingress_conversion.target import ConversionTarget, version
from bot.net.diagnosis.diagnosis import Confidence, Diagnosis, Effect, Row, Seen
from bot.net.diagnosis.subject import EndpointAt, Native, Subject, TraefikAt
from bot.remediation.planning.context import PlanningContext

MOMENT = datetime(2026, 11, 23, 12, tzinfo=UTC)
Manifest = dict[str, Any]


def a_service(**more: Any) -> Manifest:
    metadata = {"namespace": "apps", "name": "web", **more.pop("metadata", {})}
    spec = {"clusterIP": "10.43.0.9", "ports": [{"port": 80}], **more}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def an_ingress(**more: Any) -> Manifest:
    metadata = {"namespace": "apps", "name": "web", **more.pop("metadata", {})}
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    spec = {"rules": [{"host": "web.example", "http": {"paths": [path]}}], **more}
    head = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata}
    return {**head, "spec": spec}


def a_route(*services: Manifest, **metadata: Any) -> Manifest:
    to = list(services) or [{"name": "web", "port": 80}]
    rule = {"kind": "Rule", "match": "Host(`web.example`)", "services": to}
    return {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "IngressRoute",
        "metadata": {"namespace": "apps", "name": "web", **metadata},
        "spec": {"entryPoints": ["web"], "routes": [rule]},
    }


def a_subject(kind: str = "Ingress", **more: Any) -> Subject:
    given: dict[str, Any] = {
        "name": f"{kind.lower()}/apps/web web.example",
        "service": Ref("Service", "apps", "web"),
        "port": 80,
        "route": Ref(kind, "apps", "web"),
        "host": "web.example",
        "vips": ("10.43.0.9",),
        "endpoints": (EndpointAt(address="10.42.1.5", port=8080, node="attic"),),
        "traefik": (TraefikAt("edge", "traefik", "traefik-1", ("10.42.0.2",)),),
        "native": Native.OFF,
    }
    return Subject(**(given | more))


def a_diagnosis(effect: Effect = Effect.HELPS, row: Row = Row.REDIRECT, **more: Any) -> Diagnosis:
    given: dict[str, Any] = {
        "confidence": Confidence.PROVEN,
        "because": "Refused on edge.",
        "effect_because": "The VIP worked 8 of 8 times.",
        "evidence": (
            Seen("attic -> 10.42.1.5", "ok 8 of 8", bears=True),
            Seen("edge -> 10.42.1.5", "refused 8 of 8", bears=True),
        ),
    }
    return Diagnosis(row=row, effect=effect, **(given | more))


def a_situation(route: Manifest | None = None, **more: Any) -> PlanningContext:
    """By default a plain Ingress that nativeLB helps, in Traefik 3.6."""
    route = route or an_ingress()
    service = more.pop("service", a_service())
    number = version(more.pop("version", "3.6.2"))
    assert number
    made = PlanningContext(
        subject=more.pop("subject", a_subject(route["kind"])),
        diagnosis=more.pop("diagnosis", a_diagnosis()),
        route=route,
        service=service,
        known=gather([service]) if service else gather([]),
        traefik=ConversionTarget(number),
    )
    return replace(made, **more)


def nowhere_untouchable(_namespace: str) -> str:
    return ""


def with_effect(effect: Effect) -> Diagnosis:
    return msgspec.structs.replace(a_diagnosis(), effect=effect)
