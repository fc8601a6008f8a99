"""Flux Kustomizations: reconciled, and why not. Source: kstatus, kustomize.toolkit.fluxcd.io."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import Judgement, Ref
from bot.domain.resources import core, flux
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health import flux_rules, workload_pods

HEALTH_CHECK = "HealthCheckFailed"
"""The reason of Ready with which kustomize-controller lists what did not become healthy."""


def judge(kustomization: flux.Kustomization, snapshot: Snapshot) -> Judgement:
    """By Flux's rules. What it waited for by name comes first, then dependencies and source.

    A workload that it waited for leads on to the pods of that workload.
    """
    if circle := flux_rules.circle(kustomization, snapshot):
        return circle
    awaited, sources = tuple(_awaited(kustomization, snapshot)), _sources(kustomization)
    judgement = flux_rules.judge(kustomization, (*awaited, *sources), snapshot)
    if judgement.verdict is Verdict.HEALTHY:
        return flux_rules.behind(kustomization, snapshot) or judgement
    checked = _checked(kustomization, awaited)
    applied = flux_rules.applied(kustomization, awaited, snapshot, checked)
    return msgspec.structs.replace(judgement, named=(*applied, *sources))


def _checked(kustomization: flux.Kustomization, awaited: Iterable[Ref]) -> Iterator[Ref]:
    """Objects whose health Flux checks: those in `healthChecks`, and those that it says it awaited.

    Where there is an inventory, it tells better what Flux applied.
    """
    yield from (check.ref(kustomization.namespace) for check in kustomization.spec.health_checks)
    ready = conditions.condition(kustomization.status.conditions, "Ready")
    if kustomization.status.inventory is None and ready and ready.reason == HEALTH_CHECK:
        yield from awaited


def _awaited(kustomization: flux.Kustomization, snapshot: Snapshot) -> Iterator[Ref]:
    for type_ in ("Ready", "Healthy"):
        outcome = conditions.condition(kustomization.status.conditions, type_)
        if outcome and outcome.status != "True":
            yield from workload_pods.named_in(outcome.message, snapshot)


def _sources(kustomization: flux.Kustomization) -> tuple[Ref, ...]:
    here, spec = kustomization.namespace, kustomization.spec
    dependencies = (name.ref(here, kind="Kustomization") for name in spec.depends_on)
    return (*dependencies, *([spec.source_ref.ref(here)] if spec.source_ref else []))


CHECK = Check(
    name="flux-kustomizations",
    scope="flux",
    title="Flux Kustomizations that are not reconciled.",
    judges={flux.Kustomization: judge},
    documented_as="kubectl get kustomization -A",
    advice="Read the message, fix what it names, and let Flux reconcile.",
    refers_to=(
        flux.GitRepository,
        flux.OCIRepository,
        flux.Bucket,
        core.Pod,
        *workload_pods.AWAITED,
    ),
)
