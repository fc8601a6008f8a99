"""PushSecrets that are not synced. Source: external-secrets.io/v1alpha1."""

from __future__ import annotations

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import Judgement
from bot.domain.resources import external_secrets
from bot.domain.snapshot import Snapshot


def judge(secret: external_secrets.PushSecret, snapshot: Snapshot) -> Judgement:
    """By Ready; a store that it pushes to is the cause where that is broken."""
    stores = tuple(
        reference.scoped_ref("SecretStore", secret.namespace)
        for reference in secret.spec.secret_store_refs or ()
        if reference.name
    )
    if gone := conditions.terminating(secret, snapshot.taken_at):
        return gone
    ready = conditions.condition(secret.status.conditions, "Ready")
    return conditions.by_ready_alone(secret, ready, snapshot.taken_at, follows=stores)


CHECK = Check(
    name="push-secrets",
    scope="secrets",
    title="PushSecrets that are not synced.",
    judges={external_secrets.PushSecret: judge},
    documented_as="kubectl get pushsecret -A",
    advice="Check the store that it pushes to.",
    refers_to=(external_secrets.SecretStore, external_secrets.ClusterSecretStore),
)
