"""Flux Kustomizations: reconciled, and why not. Source: kstatus, kustomize.toolkit.fluxcd.io."""

from __future__ import annotations

import re

from bot.domain import conditions, flux
from bot.domain.check import Check
from bot.domain.finding import Judgement, Ref
from bot.domain.resources.base import Condition
from bot.domain.resources.flux import Bucket, GitRepository, Kustomization, OCIRepository
from bot.domain.snapshot import Snapshot

NAMED = re.compile(r"\b(?P<kind>[A-Z]\w+)/(?P<namespace>[a-z0-9-]+)/(?P<name>[a-z0-9.-]+[a-z0-9])")
"""How a failed health check names the object that it waited for."""


def judge(kustomization: Kustomization, snapshot: Snapshot) -> Judgement:
    """Suspended is a state of its own (its conditions are frozen); the rest is kstatus."""
    meta, status = kustomization.metadata, kustomization.status
    ready = conditions.condition(status.conditions, "Ready")
    return flux.suspended(meta, kustomization.spec, ready) or conditions.by_ready(
        meta,
        status.conditions,
        snapshot.taken_at,
        observed_generation=status.observed_generation,
        follows=_follows(kustomization, ready),
    )


def _follows(kustomization: Kustomization, ready: Condition | None) -> tuple[Ref, ...]:
    """What it waited for by name, else its dependencies, else its source."""
    here = kustomization.namespace
    named = NAMED.finditer(ready.message if ready and ready.status != "True" else "")
    awaited = [Ref(match_["kind"], match_["namespace"], match_["name"]) for match_ in named]
    needed = [
        Ref("Kustomization", dependency.namespace or here, dependency.name)
        for dependency in kustomization.spec.depends_on
    ]
    source = kustomization.spec.source_ref
    origin = [Ref(source.kind, source.namespace or here, source.name)] if source else []
    return (*awaited, *needed, *origin)


CHECK = Check(
    name="flux-kustomizations",
    scope="flux",
    title="Flux Kustomizations that are not reconciled.",
    judges={Kustomization: judge},
    documented_as="kubectl get kustomization -A",
    advice="Read the message, mend it in Git, and let Flux reconcile.",
    refers_to=(GitRepository, OCIRepository, Bucket),
)
