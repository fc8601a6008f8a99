"""PushSecrets, for `meshmedic judge`. Source: external-secrets.io/v1alpha1."""

from __future__ import annotations

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import Judgement
from bot.domain.resources import external_secrets
from bot.domain.snapshot import Snapshot


def judge(secret: external_secrets.PushSecret, snapshot: Snapshot) -> Judgement:
    """By its Ready condition."""
    ready = conditions.condition(secret.status.conditions, "Ready")
    return conditions.by_ready_alone(secret.metadata, ready, snapshot.taken_at)


CHECK = Check(
    name="push-secrets",
    title="PushSecrets that are not synced.",
    judges={external_secrets.PushSecret: judge},
    documented_as="kubectl get pushsecret -A",
    advice="Check the store that it pushes to.",
)
