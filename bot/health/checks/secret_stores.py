"""SecretStores and ClusterSecretStores: the provider answers. Source: external-secrets.io."""

from __future__ import annotations

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import Judgement
from bot.domain.resources import external_secrets
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict

UNSURE = "ValidationUnknown"
"""The provider can neither confirm nor deny that it would answer."""


def judge(
    store: external_secrets.SecretStore | external_secrets.ClusterSecretStore, snapshot: Snapshot
) -> Judgement:
    """By its Ready condition; a validation that is unknown is degraded, whatever Ready says."""
    ready = conditions.condition(store.status.conditions, "Ready")
    if ready and ready.reason == UNSURE:
        return conditions.judgement(ready, Verdict.DEGRADED)
    return conditions.by_ready_alone(store, ready, snapshot.taken_at)


CHECK = Check(
    name="secret-stores",
    scope="secrets",
    title="Secret stores that do not answer.",
    judges={external_secrets.SecretStore: judge, external_secrets.ClusterSecretStore: judge},
    documented_as="kubectl get secretstore,clustersecretstore -A",
    advice="Check the provider's address and the credentials that the store refers to.",
)
