"""Issuers and ClusterIssuers: ready to sign. Source: cert-manager.io/v1."""

from __future__ import annotations

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import Judgement
from bot.domain.resources import cert_manager
from bot.domain.snapshot import Snapshot


def judge(
    issuer: cert_manager.Issuer | cert_manager.ClusterIssuer, snapshot: Snapshot
) -> Judgement:
    """By its Ready condition; a new one without a condition is under way."""
    ready = conditions.condition(issuer.status.conditions, "Ready")
    return conditions.by_ready_alone(issuer.metadata, ready, snapshot.taken_at)


CHECK = Check(
    name="issuers",
    scope="certificates",
    title="Issuers that cannot sign.",
    judges={cert_manager.Issuer: judge, cert_manager.ClusterIssuer: judge},
    documented_as="kubectl get issuers,clusterissuers -A",
    advice="Check the account, the credentials and the server that its message names.",
)
