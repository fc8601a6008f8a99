"""A marker: a short-lived copy of a route, by which requests tell that Traefik has loaded it.

While an Ingress and its IngressRoutes both stand, one of them answers every request and hides the
other. A marker is made after the route, of the same kind in the same namespace and on the same
entrypoints, with a host that nothing else has. Traefik hears of the objects of one kind in the
order of their writing and loads all that it knows at once, so where the marker is served, the
route is loaded too. Source: Traefik's providers, one informer a kind (a namespace), one
configuration a provider.
"""

from __future__ import annotations

import re
from typing import Any

from bot.domain.resources.reference import Target
from bot.remediation.change.fields import MANAGED, OURS, Action, Manifest
from bot.remediation.change.step import Step, step

SUFFIX = "-meshmedic"
"""Behind the route's own name: a list that is read anew has the route before it, too."""

CLASS = "kubernetes.io/ingress.class"
TRAEFIK = "traefik."
"""How the annotations begin that Traefik reads."""

ENTRY_POINTS = "traefik.ingress.kubernetes.io/router.entrypoints"
TLS = "traefik.ingress.kubernetes.io/router.tls"
OF_CERTIFICATES = (f"{TLS}.certresolver", f"{TLS}.domains")
"""Annotations for which Traefik would order a certificate."""

ACTIONS = {"Ingress": Action.DELETE_INGRESS, "IngressRoute": Action.CREATE_INGRESSROUTE}
"""By whose place a whole object of that kind is written."""


HOST = re.compile(r"\bmeshmedic-[0-9a-z]{1,32}\.invalid")
"""What every host of a marker holds."""


def host(token: str) -> str:
    """The host that a marker is asked for: in a domain that nobody can have (RFC 2606)."""
    return f"probe.meshmedic-{token}.invalid"


def target(route: Manifest) -> Target:
    """Where the marker of an Ingress or IngressRoute stands."""
    metadata, group = route["metadata"], str(route["apiVersion"]).rpartition("/")[0]
    return Target(route["kind"], metadata["namespace"], f"{metadata['name']}{SUFFIX}", group)


def marker(route: Manifest, name: str) -> Step | None:
    """What makes the marker of a route for that host; None of what routes nothing."""
    spec = _ingress(route, name) if route["kind"] == "Ingress" else _route(route, name)
    if spec is None:
        return None
    at = target(route)
    labels = {**(route["metadata"].get("labels") or {}), MANAGED: OURS}
    metadata: Manifest = {"namespace": at.namespace, "name": at.name, "labels": labels}
    if notes := _annotations(route):
        metadata["annotations"] = notes
    head = {"apiVersion": route["apiVersion"], "kind": at.kind, "metadata": metadata}
    return step(ACTIONS[at.kind], at, None, {**head, "spec": spec})


def entry_points(route: Manifest) -> frozenset[str]:
    """The entrypoints that a route names, in small letters; none where it leaves it to Traefik."""
    notes = route["metadata"].get("annotations") or {}
    if route["kind"] == "Ingress":
        names = str(notes.get(ENTRY_POINTS, "")).split(",")
    else:
        names = route["spec"].get("entryPoints") or []
    return frozenset(name.strip().casefold() for name in names if name.strip())


def removal(at: Target, live: Manifest) -> Step | None:
    """What takes a marker away; None where the object of that name is none."""
    if (live["metadata"].get("labels") or {}).get(MANAGED) != OURS or not _is_marker(live):
        return None
    kept = ("name", "namespace", "labels")
    metadata = {key: live["metadata"][key] for key in kept}
    whole = {key: live[key] for key in live if key not in ("metadata", "status")}
    return step(ACTIONS[at.kind], at, {**whole, "metadata": metadata}, None)


def _is_marker(live: Manifest) -> bool:
    """By its hosts: a route that a hand-over made has the same label, and perhaps that name."""
    spec = live.get("spec") or {}
    hosts = [
        *(rule.get("host") for rule in spec.get("rules") or ()),
        *(route.get("match") for route in spec.get("routes") or ()),
    ]
    return bool(hosts) and all(HOST.search(str(host)) for host in hosts)


def _annotations(route: Manifest) -> dict[str, str]:
    """What decides whether and where Traefik serves it, and no order for a certificate."""
    notes = route["metadata"].get("annotations") or {}
    read = {key: text for key, text in notes.items() if key == CLASS or key.startswith(TRAEFIK)}
    kept = {key: text for key, text in read.items() if not key.startswith(OF_CERTIFICATES)}
    return kept if kept == read else {**kept, TLS: "true"}


def _ingress(route: Manifest, name: str) -> Manifest | None:
    spec = route["spec"]
    paths = [path for rule in spec.get("rules") or () for path in _paths(rule)]
    backends = [*(path["backend"] for path in paths), spec.get("defaultBackend")]
    if backends[0] is None:
        return None
    whole = {"path": "/", "pathType": "Prefix", "backend": backends[0]}
    # Of a wildcard Traefik orders no certificate by itself.
    rule = {"host": f"*.{name.partition('.')[2]}", "http": {"paths": [whole]}}
    chosen = {key: spec[key] for key in ("ingressClassName",) if key in spec}
    return {**chosen, "rules": [rule]}


def _paths(rule: Manifest) -> list[Any]:
    return list((rule.get("http") or {}).get("paths") or ())


def _route(route: Manifest, name: str) -> Manifest | None:
    spec = route["spec"]
    if not spec.get("routes"):
        return None
    made = {**spec, "routes": [{**spec["routes"][0], "match": f"HostRegexp(`{name}`)"}]}
    if "tls" in spec:
        # Without the resolver and its domains: no certificate is ordered.
        options = (spec["tls"] or {}).get("options")
        made["tls"] = {"options": options} if options else {}
    return made
