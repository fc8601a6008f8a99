"""Issuers and ClusterIssuers: ready to sign. Source: cert-manager.io/v1."""

from bot.domain.check import Check
from bot.domain.conditions import judge_by_ready
from bot.domain.resources import cert_manager

CHECK = Check(
    name="issuers",
    scope="certificates",
    title="Issuers that cannot sign.",
    judges={cert_manager.Issuer: judge_by_ready, cert_manager.ClusterIssuer: judge_by_ready},
    documented_as="kubectl get issuers,clusterissuers -A",
    advice="Check the account, the credentials and the server that its message names.",
)
