"""Flux sources: fetched, and why not. Source: kstatus, source.toolkit.fluxcd.io."""

from __future__ import annotations

from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Judgement
from bot.domain.resources import flux
from bot.domain.snapshot import Snapshot
from bot.health import flux_rules


def judge(source: flux.FluxObject, snapshot: Snapshot) -> Judgement:
    """By Flux's rules; a HelmChart is made from another source of its namespace."""
    origin = source.spec.source_ref
    return flux_rules.judge(source, [origin.ref(source.namespace)] if origin else [], snapshot)


def judge_helm_repository(repository: flux.HelmRepository, snapshot: Snapshot) -> Judgement:
    """An OCI HelmRepository is static since Flux 2.1: no controller reports on it."""
    static = repository.spec.type == "oci" and not repository.status.conditions
    if static and not repository.spec.suspend:
        return HEALTHY
    return judge(repository, snapshot)


CHECK = Check(
    name="flux-sources",
    scope="flux",
    title="Flux sources that cannot be fetched.",
    judges={
        flux.GitRepository: judge,
        flux.OCIRepository: judge,
        flux.HelmRepository: judge_helm_repository,
        flux.HelmChart: judge,
        flux.Bucket: judge,
    },
    documented_as="kubectl get gitrepository -A",
    advice="Check the URL, the credentials and the network from source-controller.",
)
