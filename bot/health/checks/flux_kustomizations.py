"""Flux Kustomizations: reconciled, and why not. Source: kstatus, kustomize.toolkit.fluxcd.io."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import Judgement, Ref
from bot.domain.resources import flux
from bot.domain.snapshot import Snapshot
from bot.health import flux_rules

NAMED = re.compile(r"\b(?P<kind>[A-Z]\w+)/(?P<namespace>[a-z0-9-]+)/(?P<name>[a-z0-9.-]+[a-z0-9])")
"""How a failed health check names the object that it waited for."""


def judge(kustomization: flux.Kustomization, snapshot: Snapshot) -> Judgement:
    """By Flux's rules. What it waited for by name comes first, then dependencies and source."""
    if circle := flux_rules.circle(kustomization, snapshot):
        return circle
    return flux_rules.judge(kustomization, _follows(kustomization), snapshot)


def _follows(kustomization: flux.Kustomization) -> Iterator[Ref]:
    here, spec = kustomization.namespace, kustomization.spec
    ready = conditions.condition(kustomization.status.conditions, "Ready")
    for awaited in NAMED.finditer(ready.message if ready and ready.status != "True" else ""):
        yield Ref(awaited["kind"], awaited["namespace"], awaited["name"])
    for dependency in spec.depends_on:
        yield dependency.ref(here, kind="Kustomization")
    if spec.source_ref:
        yield spec.source_ref.ref(here)


CHECK = Check(
    name="flux-kustomizations",
    scope="flux",
    title="Flux Kustomizations that are not reconciled.",
    judges={flux.Kustomization: judge},
    documented_as="kubectl get kustomization -A",
    advice="Read the message, mend it in Git, and let Flux reconcile.",
    refers_to=(flux.GitRepository, flux.OCIRepository, flux.Bucket),
)
