"""The one moment of all golden files, and the clusters that are looked at."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

from bot.domain.report import Report, examine
from bot.domain.snapshot import Gap, Snapshot, Why
from bot.health.checks import CHECKS
from bot.net.mesh.matrix import By
from bot.net.mesh.rounds import Links
from bot.sandbox.opening import find
from bot.sandbox.scenarios import Homelab
from tests.builders import an_object
from tests.fakes import TYPES, snapshot_of
from tests.net.mesh.witnesses import links, witnesses

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

GAPS = (
    Gap("Certificate", Why.FORBIDDEN, "may not list certificates.cert-manager.io"),
    Gap("Issuer", Why.FORBIDDEN, "may not list certificates.cert-manager.io"),
    Gap("Node", Why.STALE, "the watch is broken: timeout", datetime(2026, 11, 23, 11, tzinfo=UTC)),
    Gap("PushSecret", Why.NOT_INSTALLED),
    Gap("Secret", Why.OFF, "MESHMEDIC_SECRET_INVENTORY is false"),
    Gap("Pod", Why.UNREACHABLE, "the API server answers 500"),
    Gap("background probes", Why.NOT_YET, "the agents' logs are read soon after the start"),
    Gap("Traefik's log", Why.IN_PART, "traefik-1: its log did not end within 6 s"),
    Gap("Traefik's log", Why.OLDER, "traefik-2: only the last 2,000 lines were read"),
    Gap(
        "Service in tenant",
        Why.IN_PART,
        "too heavy to be read: web",
        part_of="Service",
        namespace="tenant",
    ),
    Gap("diagnoses", Why.NOT_SET_UP, "set MESHMEDIC_STATE_NAMESPACE to see them"),
)
"""One for each reason why a kind is not seen."""


def homelab(name: str) -> Homelab:
    """The sandbox's scenario of that name, as it is at NOW."""
    return find(name).build(NOW)


def snapshot(name: str, *gaps: Gap) -> Snapshot:
    """The objects of a scenario that the bot reads."""
    known = [each for each in homelab(name).objects if each["kind"] in TYPES]
    return snapshot_of(*known, now=NOW, gaps=gaps)


@cache
def report(name: str, *gaps: Gap) -> Report:
    """What the checks say of a scenario."""
    return examine(snapshot(name, *gaps), CHECKS)


@cache
def rolling_out() -> Report:
    """A Kustomization that is being applied since a minute."""
    condition = {
        "type": "Ready",
        "status": "Unknown",
        "reason": "Progressing",
        "message": "Building manifests for revision main@sha1:1a2b3c",
        "lastTransitionTime": "2026-11-23T11:59:00Z",
    }
    applied = an_object(
        "Kustomization",
        "apps",
        "kustomize.toolkit.fluxcd.io/v1",
        namespace="flux-system",
        status={"conditions": [condition], "observedGeneration": 1},
    )
    return examine(snapshot_of(applied, now=NOW), CHECKS)


@cache
def by_rounds(*tests: By) -> Report:
    """The agents' rounds say that these tests fail to and from a node, and the objects do not."""
    seen = snapshot("healthy")
    nodes = [each["metadata"]["name"] for each in homelab("healthy").of("Node")]
    lost, others = nodes[0], nodes[1:]
    bad = {*((lost, other) for other in others), *((other, lost) for other in others)}
    told = witnesses(bad, names=nodes, tests=tests)
    return examine(replace(seen, supplements={Links: links(*told, names=nodes, now=NOW)}), CHECKS)
