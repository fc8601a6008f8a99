"""What tenants may write, in objects as heavy as an API server takes them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import msgspec

from bot.sandbox.scenarios.homelab import healthy
from bot.sandbox.scenarios.plain import Plain

KIB = 1024
DEEP = 2000
"""Levels of JSON: the decoder gives up below 500, an API server above 10,000."""


def an_object(kind: str, name: str, namespace: str, **rest: Any) -> Plain:
    """An object; `metadata` is merged into its own."""
    metadata = {"name": name, "namespace": namespace, **rest.pop("metadata", {})}
    return {"apiVersion": VERSIONS.get(kind, "v1"), "kind": kind, "metadata": metadata, **rest}


VERSIONS = {
    "IngressRoute": "traefik.io/v1alpha1",
    "Middleware": "traefik.io/v1alpha1",
    "Ingress": "networking.k8s.io/v1",
    "EndpointSlice": "discovery.k8s.io/v1",
    "Certificate": "cert-manager.io/v1",
    "Kustomization": "kustomize.toolkit.fluxcd.io/v1",
}


def a_service(name: str, namespace: str, annotations: dict[str, str]) -> Plain:
    """A Service that selects no pod: it is a finding."""
    spec = {"selector": {"app": name}, "ports": [{"port": 80}]}
    return an_object("Service", name, namespace, metadata={"annotations": annotations}, spec=spec)


def annotations(share: float) -> Iterator[Plain]:
    """1,000 Services of 250 KiB, in annotations that nothing reads."""
    for number in range(round(1000 * share)):
        yield a_service(f"s{number:04}", "heavy", {"a.example/b": "a" * 250 * KIB})


def rules(share: float) -> Iterator[Plain]:
    """250 IngressRoutes with a rule of 1.3 MiB."""
    for number in range(round(250 * share)):
        rule = {"match": f"Host(`{'a' * 1300 * KIB}`)", "services": [{"name": "web", "port": 80}]}
        spec = {"routes": [rule]}
        yield an_object("IngressRoute", f"r{number:03}", "rules", spec=spec)


def mutes(share: float) -> Iterator[Plain]:
    """50 Services whose annotation that mutes is 255 KiB of what is slow to search."""
    for number in range(round(50 * share)):
        reason = ("x " + r"\\%25\%25" * 32 * KIB)[: 255 * KIB]
        yield a_service(f"m{number:02}", "mutes", {"meshmedic.dev/mute": reason})


def others(share: float) -> Iterator[Plain]:
    """Everything else that may be long, wide, deep or many."""
    many = range(max(1, round(20 * share)))
    words = " ".join(["token: abcdefgh12345678"] * 40_000)
    ready = {"type": "Ready", "status": "False", "reason": "R" * 60_000, "message": words}
    for n in many:
        yield an_object("Certificate", f"c{n}", "tenant", status={"conditions": [ready] * 2})
        spec = {"dnsNames": [f"{name}.example" for name in range(50_000)], "secretName": "a"}
        yield an_object("Certificate", f"d{n}", "tenant", spec=spec)
        yield an_object("Kustomization", f"k{n}", "tenant", status={"conditions": [ready]})
        labels = {f"l{name}": "a" * 63 for name in range(10_000)}
        containers = [{"name": f"c{c}", "image": "i" * 800} for c in range(1000)]
        pod = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
        yield an_object("Pod", f"p{n}", "tenant", **pod)
        fields = {f"f:{name}": {} for name in range(50_000)}
        managed = {"managedFields": [{"manager": "a", "fieldsV1": fields}]}
        yield an_object("Pod", f"f{n}", "tenant", metadata=managed)
        deep = msgspec.Raw(b'[{"a":' * DEEP + b"1" + b"}]" * DEEP)
        yield an_object("Middleware", f"m{n}", "tenant", spec={"plugin": {"a": {"b": deep}}})
        services = [{"name": f"s{name}", "port": 80} for name in range(500)]
        routes = [{"match": f"Host(`{name}.example`)", "services": services} for name in range(60)]
        yield an_object("IngressRoute", f"w{n}", "tenant", spec={"routes": routes})
        paths = [{"path": f"/{path}", "backend": {}} for path in range(900)]
        spec = {"rules": [{"host": f"{h}.example", "http": {"paths": paths}} for h in range(30)]}
        yield an_object("Ingress", f"i{n}", "tenant", spec=spec)


def endpoints(share: float) -> Iterator[Plain]:
    """300 EndpointSlices of 1,000 endpoints each."""
    for number in range(round(300 * share)):
        entries = [
            {"addresses": [f"10.42.{one // 250}.{one % 250}"], "conditions": {"ready": True}}
            for one in range(1000)
        ]
        metadata = {"labels": {"kubernetes.io/service-name": "web"}}
        rest = {"addressType": "IPv4", "endpoints": entries, "ports": [{"port": 80}]}
        yield an_object("EndpointSlice", f"e{number}", "tenant", metadata=metadata, **rest)


def small(share: float) -> Iterator[Plain]:
    """20,000 Services, each of which is a finding."""
    for number in range(round(20_000 * share)):
        yield a_service(f"n{number:05}", "tenant", {})


def cluster(share: float) -> Iterator[Plain]:
    """A healthy homelab with all of these tenants in it."""
    tenants = (annotations, rules, mutes, others, endpoints, small)
    yield from healthy(datetime.now(UTC)).objects
    yield from chain.from_iterable(tenant(share) for tenant in tenants)
