"""A marker: a short-lived copy of a route, by which requests tell that Traefik has loaded it.

While an Ingress and its IngressRoutes both exist, one of them answers every request and hides the
other. A marker is made after the route, of the same kind in the same namespace and on the same
entrypoints, with a host that nothing else has. Traefik hears of the objects of one kind in the
order of their writing and loads all that it knows at once, so where the marker is served, the
route is loaded too. Source: Traefik's providers have one informer per kind and namespace, and one
configuration per provider.
"""

from __future__ import annotations

import re

from bot.domain.finding import Target
from bot.remediation.change.fields import (
    HOSTS,
    MANAGED,
    OURS,
    REPLACES,
    SERVICES,
    Action,
    Manifest,
    annotations_of,
    labels_of,
    target_of,
)
from bot.remediation.change.step import Step, step

SUFFIX = "-meshmedic"
"""Follows the route's own name: in a list that is read anew, the route comes first, too."""

CLASS = "kubernetes.io/ingress.class"
KEPT = (CLASS, REPLACES, HOSTS, SERVICES)
TRAEFIK = "traefik."
"""The prefix of the annotations that Traefik reads."""

ENTRY_POINTS = "traefik.ingress.kubernetes.io/router.entrypoints"
TLS = "traefik.ingress.kubernetes.io/router.tls"
OF_CERTIFICATES = (f"{TLS}.certresolver", f"{TLS}.domains")
"""Annotations for which Traefik would order a certificate."""

ACTIONS = {"Ingress": Action.DELETE_INGRESS, "IngressRoute": Action.CREATE_INGRESSROUTE}
"""The action whose field is a whole object of that kind."""

HOST = re.compile(r"\bmeshmedic-[0-9a-z]{1,32}\.invalid")
"""A part of the host of every marker."""


def host(token: str) -> str:
    """The host that a marker is asked for: in a domain that nobody can have (RFC 2606)."""
    return f"probe.meshmedic-{token}.invalid"


def target(route: Manifest) -> Target:
    """Where the marker of an Ingress or IngressRoute stands."""
    at = target_of(route)
    return Target(at.kind, at.namespace, f"{at.name}{SUFFIX}", at.group)


def marker(route: Manifest, name: str) -> Step | None:
    """The step that creates the marker of a route for a host; None if it routes nothing."""
    spec = _ingress(route, name) if route["kind"] == "Ingress" else _ingress_route(route, name)
    if spec is None:
        return None
    at = target(route)
    labels = {**labels_of(route), MANAGED: OURS}
    metadata: Manifest = {"namespace": at.namespace, "name": at.name, "labels": labels}
    if annotations := _annotations(route):
        metadata["annotations"] = annotations
    head = {"apiVersion": route["apiVersion"], "kind": at.kind, "metadata": metadata}
    return step(ACTIONS[at.kind], at, None, {**head, "spec": spec})


def entry_points(route: Manifest) -> frozenset[str]:
    """The entrypoints that a route names, in lower case; empty if it leaves them to Traefik."""
    if route["kind"] == "Ingress":
        names = str(annotations_of(route).get(ENTRY_POINTS, "")).split(",")
    else:
        names = route["spec"].get("entryPoints") or []
    return frozenset(name.strip().casefold() for name in names if name.strip())


def removal(at: Target, live: Manifest) -> Step | None:
    """The step that deletes a marker; None if the object of that name is another one."""
    if labels_of(live).get(MANAGED) != OURS or not _is_marker(live):
        return None
    metadata = {key: live["metadata"][key] for key in ("name", "namespace", "labels")}
    others = {key: live[key] for key in live if key not in ("metadata", "status")}
    return step(ACTIONS[at.kind], at, {**others, "metadata": metadata}, None)


def _is_marker(live: Manifest) -> bool:
    """By its hosts: a route that a hand-over made has the same label, and perhaps that name."""
    spec = live.get("spec") or {}
    hosts = [
        *(rule.get("host") for rule in spec.get("rules") or ()),
        *(route.get("match") for route in spec.get("routes") or ()),
    ]
    return bool(hosts) and all(HOST.search(str(host)) for host in hosts)


def _annotations(route: Manifest) -> dict[str, str]:
    """The annotations that Traefik reads to serve it, or that the admission policy compares.

    Those that order a certificate are left out.
    """
    present = annotations_of(route).items()
    read = {key: text for key, text in present if key in KEPT or key.startswith(TRAEFIK)}
    copied = {key: text for key, text in read.items() if not key.startswith(OF_CERTIFICATES)}
    return copied if copied == read else {**copied, TLS: "true"}


def _ingress(route: Manifest, name: str) -> Manifest | None:
    spec = route["spec"]
    http = [rule.get("http") or {} for rule in spec.get("rules") or ()]
    backends = [path["backend"] for rule in http for path in rule.get("paths") or ()]
    backend = [*backends, spec.get("defaultBackend")][0]
    if backend is None:
        return None
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    # Of a wildcard Traefik orders no certificate by itself.
    rule = {"host": f"*.{name.partition('.')[2]}", "http": {"paths": [path]}}
    ingress_class = {key: spec[key] for key in ("ingressClassName",) if key in spec}
    return {**ingress_class, "rules": [rule]}


def _ingress_route(route: Manifest, name: str) -> Manifest | None:
    spec = route["spec"]
    if not spec.get("routes"):
        return None
    marked = {**spec, "routes": [{**spec["routes"][0], "match": f"HostRegexp(`{name}`)"}]}
    if "tls" in spec:
        # Without the resolver and its domains: no certificate is ordered.
        options = (spec["tls"] or {}).get("options")
        marked["tls"] = {"options": options} if options else {}
    return marked
