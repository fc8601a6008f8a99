"""Flux sources: fetched, and why not. Source: kstatus, source.toolkit.fluxcd.io."""

from __future__ import annotations

from bot.domain import flux
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Judgement
from bot.domain.resources.flux import (
    Bucket,
    FluxObject,
    GitRepository,
    HelmChart,
    HelmRepository,
    OCIRepository,
)
from bot.domain.snapshot import Snapshot


def judge(source: FluxObject, snapshot: Snapshot) -> Judgement:
    """By Flux's rules; a HelmChart is made from another source of its namespace."""
    origin = source.spec.source_ref
    return flux.judge(source, [origin.ref(source.namespace)] if origin else [], snapshot)


def judge_helm_repository(repository: HelmRepository, snapshot: Snapshot) -> Judgement:
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
        GitRepository: judge,
        OCIRepository: judge,
        HelmRepository: judge_helm_repository,
        HelmChart: judge,
        Bucket: judge,
    },
    documented_as="kubectl get gitrepository -A",
    advice="Check the URL, the credentials and the network from source-controller.",
)
