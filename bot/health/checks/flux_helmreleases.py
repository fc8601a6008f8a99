"""Flux HelmReleases: installed, and why not. Source: kstatus, helm.toolkit.fluxcd.io."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import Judgement, Ref
from bot.domain.resources import core, flux
from bot.domain.snapshot import Snapshot
from bot.health import flux_rules, workload_pods


def judge(release: flux.HelmRelease, snapshot: Snapshot) -> Judgement:
    """By Flux's rules. Dependencies, then the chart and its source, then pods that it awaited."""
    if circle := flux_rules.circle(release, snapshot):
        return circle
    return flux_rules.judge(release, _follows(release, snapshot), snapshot)


def _follows(release: flux.HelmRelease, snapshot: Snapshot) -> Iterator[Ref]:
    here, spec = release.namespace, release.spec
    for dependency in spec.depends_on:
        yield dependency.ref(here, kind="HelmRelease")
    namespace, _, chart = release.status.helm_chart.partition("/")
    if chart:
        yield Ref("HelmChart", namespace, chart)
    template = spec.chart.spec.source_ref if spec.chart else None
    for reference in filter(None, (spec.chart_ref, template)):
        yield reference.ref(here)
    ready = conditions.condition(release.status.conditions, "Ready")
    if ready and ready.status != "True":
        yield from workload_pods.named_in(ready.message, snapshot)
    if ready and flux_rules.WAITED.search(ready.message):
        yield from _pods(release, snapshot)


def _pods(release: flux.HelmRelease, snapshot: Snapshot) -> Iterator[Ref]:
    """The pods of the release, by the label that most charts set to its name."""
    by_instance = snapshot.of(core.Pod).by_label(flux_rules.INSTANCE)
    place = release.spec.target_namespace or release.namespace
    names = {release.name, release.spec.release_name, f"{place}-{release.name}"} - {""}
    for name in sorted(names):
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
