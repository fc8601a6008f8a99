"""How people know an object: its noun, and its kind where the noun alone is ambiguous."""

from __future__ import annotations

from typing import NamedTuple

from bot.domain.finding import Finding, Ref

SITE = "Site"
"""The kind of a host by which people know a route."""

WORDS = {
    SITE: "",
    "Deployment": "",
    "StatefulSet": "",
    "DaemonSet": "",
    "HelmRelease": "",
    "Fault": "",
    "ExternalSecret": "Secret",
    "PersistentVolumeClaim": "Volume claim",
    "PersistentVolume": "Volume",
    "HorizontalPodAutoscaler": "Autoscaler",
    "APIServer": "API server",
    "Watch": "",
}
"""The word for a kind; empty where the noun says enough. Other kinds are their own word."""


class Noun(NamedTuple):
    """Such as `Certificate` and `nextcloud-tls`; `kind` is empty where `name` says enough."""

    kind: str
    name: str


def noun(finding: Finding) -> Noun:
    """How people know the object of a finding: by its workload, site or certificate."""
    return noun_of(finding.known_as or finding.subject)


def noun_of(ref: Ref) -> Noun:
    """How people know an object."""
    word = WORDS.get(ref.kind, ref.kind)
    # A kind is one word, but a stored key may hold anything.
    kind = word if word.replace(" ", "").isalnum() and word.isascii() else "Object"
    # The name of a fault is its place and what was proved there.
    name = ref.name.rpartition(": ")[0] if ref.kind == "Fault" else ref.name
    return Noun(kind if word else "", name or ref.name)
