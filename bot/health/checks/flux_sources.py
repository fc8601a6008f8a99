"""Flux sources: fetched, and why not. Source: kstatus, source.toolkit.fluxcd.io."""

from __future__ import annotations

from bot.domain import conditions, flux
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Judgement, Ref
from bot.domain.resources.flux import (
    Bucket,
    GitRepository,
    HelmChart,
    HelmRepository,
    OCIRepository,
)
from bot.domain.snapshot import Snapshot

Source = GitRepository | OCIRepository | HelmRepository | HelmChart | Bucket


def judge(source: Source, snapshot: Snapshot) -> Judgement:
    """Suspended is a state of its own (its conditions are frozen); the rest is kstatus."""
    status = source.status
    ready = conditions.condition(status.conditions, "Ready")
    return flux.suspended(source.metadata, source.spec, ready) or conditions.by_ready(
        source.metadata,
        status.conditions,
        snapshot.taken_at,
        observed_generation=status.observed_generation,
        follows=_origin(source),
    )


def judge_helm_repository(repository: HelmRepository, snapshot: Snapshot) -> Judgement:
    """An OCI HelmRepository is static since Flux 2.1: no controller reports on it."""
    static = repository.spec.type == "oci" and not repository.status.conditions
    if static and not repository.spec.suspend:
        return HEALTHY
    return judge(repository, snapshot)


def _origin(source: Source) -> tuple[Ref, ...]:
    """A HelmChart is made from another source of its namespace."""
    origin = source.spec.source_ref
    return (Ref(origin.kind, source.namespace, origin.name),) if origin else ()


CHECK = Check(
    name="flux-sources",
    scope="flux",
    title="Flux sources that cannot be fetched.",
    judges={
        GitRepository: judge,
        OCIRepository: judge,
        HelmRepository: judge_helm_repository,
        HelmChart: judge,
        Bucket: judge,
    },
    documented_as="kubectl get gitrepository -A",
    advice="Check the URL, the credentials and the network from source-controller.",
)
