"""Flux HelmReleases: installed, and why not. Source: kstatus, helm.toolkit.fluxcd.io."""

from __future__ import annotations

from bot.domain import conditions, flux
from bot.domain.check import Check
from bot.domain.finding import Judgement, Ref
from bot.domain.resources import core
from bot.domain.resources.base import Condition
from bot.domain.resources.flux import (
    GitRepository,
    HelmChart,
    HelmRelease,
    HelmRepository,
    OCIRepository,
)
from bot.domain.snapshot import Snapshot


def judge(release: HelmRelease, snapshot: Snapshot) -> Judgement:
    """Suspended is a state of its own (its conditions are frozen); the rest is kstatus."""
    status = release.status
    ready = conditions.condition(status.conditions, "Ready")
    return flux.suspended(release.metadata, release.spec, ready) or conditions.by_ready(
        release.metadata,
        status.conditions,
        snapshot.taken_at,
        observed_generation=status.observed_generation,
        follows=_follows(release, ready, snapshot),
    )


def _follows(release: HelmRelease, ready: Condition | None, snapshot: Snapshot) -> tuple[Ref, ...]:
    """Dependencies, then the chart and its source; its own pods where it waited for them."""
    needed = [
        Ref("HelmRelease", dependency.namespace or release.namespace, dependency.name)
        for dependency in release.spec.depends_on
    ]
    awaited = _pods(release, snapshot) if ready and flux.WAITED.search(ready.message) else []
    return (*needed, *_chart(release), *awaited)


def _chart(release: HelmRelease) -> list[Ref]:
    namespace, _, name = release.status.helm_chart.partition("/")
    found = [Ref("HelmChart", namespace, name)] if name else []
    template = release.spec.chart.spec.source_ref if release.spec.chart else None
    found += [
        Ref(reference.kind, reference.namespace or release.namespace, reference.name)
        for reference in (release.spec.chart_ref, template)
        if reference
    ]
    return found


def _pods(release: HelmRelease, snapshot: Snapshot) -> list[Ref]:
    """The pods of the release, by the label that most charts set to its name."""
    by_instance = snapshot.of(core.Pod).by_label(flux.INSTANCE)
    place = release.spec.target_namespace or release.namespace
    names = {release.name, release.spec.release_name, f"{place}-{release.name}"} - {""}
    return [
        Ref("Pod", pod.namespace, pod.name)
        for name in sorted(names)
        for pod in by_instance.get((place, name), ())
    ]


CHECK = Check(
    name="flux-helmreleases",
    scope="flux",
    title="Flux HelmReleases that are not installed or upgraded.",
    judges={HelmRelease: judge},
    documented_as="kubectl get helmrelease -A",
    advice="Read the message, mend chart or values in Git, and let Flux reconcile.",
    refers_to=(
        HelmChart,
        HelmRepository,
        GitRepository,
        OCIRepository,
        core.Pod,
    ),
)
