"""Flux HelmReleases: installed, and why not. Source: kstatus, helm.toolkit.fluxcd.io."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import Evidence, Judgement, Ref
from bot.domain.resources import core, flux
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health import flux_rules, workload_pods


def judge(release: flux.HelmRelease, snapshot: Snapshot) -> Judgement:
    """By Flux's rules. Dependencies, then the chart and its source, then pods that it awaited."""
    if circle := flux_rules.circle(release, snapshot):
        return circle
    judgement = flux_rules.judge(release, _follows(release, snapshot), snapshot)
    if judgement.verdict is Verdict.HEALTHY:
        return judgement
    return msgspec.structs.replace(
        judgement,
        named=tuple(_named(release, judgement.follows, snapshot)),
        evidence=(*judgement.evidence, *_known_as(release)),
    )


def _known_as(release: flux.HelmRelease) -> Iterator[Evidence]:
    """How Helm knows the release, where that is not by its own name in its own namespace."""
    if (release.helm_storage, release.helm_name) != (release.namespace, release.name):
        yield Evidence(flux.HELM_RELEASE, f"{release.helm_storage}/{release.helm_name}")
    if release.helm_storage != release.helm_namespace:
        yield Evidence(flux.INSTALLED_IN, release.helm_namespace)


def _follows(release: flux.HelmRelease, snapshot: Snapshot) -> Iterator[Ref]:
    yield from _sources(release)
    yield from _told(release, snapshot)
    ready = conditions.condition(release.status.conditions, "Ready")
    if ready and flux_rules.WAITED.search(ready.message):
        yield from _pods(release, snapshot)


def _named(release: flux.HelmRelease, follows: Iterable[Ref], snapshot: Snapshot) -> Iterator[Ref]:
    """What the release names, and what Helm waited for in the namespace that the release names."""
    yield from _sources(release)
    yield from (ref for ref in _told(release, snapshot) if ref.namespace == release.helm_namespace)
    yield from flux_rules.applied(release, follows, snapshot)


def _sources(release: flux.HelmRelease) -> Iterator[Ref]:
    here, spec = release.namespace, release.spec
    for dependency in spec.depends_on:
        yield dependency.ref(here, kind="HelmRelease")
    namespace, _, chart = release.status.helm_chart.partition("/")
    if chart:
        yield Ref("HelmChart", namespace, chart)
    template = spec.chart.spec.source_ref if spec.chart else None
    for reference in filter(None, (spec.chart_ref, template)):
        yield reference.ref(here)


def _told(release: flux.HelmRelease, snapshot: Snapshot) -> Iterator[Ref]:
    """What Helm says that it waited for."""
    ready = conditions.condition(release.status.conditions, "Ready")
    if ready and ready.status != "True":
        yield from workload_pods.named_in(ready.message, snapshot)


def _pods(release: flux.HelmRelease, snapshot: Snapshot) -> Iterator[Ref]:
    """The pods of the release, by the label that most charts set to its name."""
    by_instance = snapshot.of(core.Pod).by_label(flux_rules.INSTANCE)
    place = release.helm_namespace
    for name in sorted({release.name, release.helm_name}):
        yield from (pod.ref for pod in by_instance.get((place, name), ()))


CHECK = Check(
    name="flux-helmreleases",
    scope="flux",
    title="Flux HelmReleases that are not installed or upgraded.",
    judges={flux.HelmRelease: judge},
    documented_as="kubectl get helmrelease -A",
    advice="Read the message, fix what it names, and let Flux reconcile.",
    refers_to=(
        flux.HelmChart,
        flux.HelmRepository,
        flux.GitRepository,
        flux.OCIRepository,
        core.Pod,
        *workload_pods.AWAITED,
    ),
)
