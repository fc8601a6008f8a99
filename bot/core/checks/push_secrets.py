"""PushSecrets, for `meshmedic judge`. Source: external-secrets.io/v1alpha1."""

from __future__ import annotations

from bot.core import conditions, objects
from bot.core.check import Check
from bot.core.finding import Judgement
from bot.core.snapshot import Snapshot


def judge(secret: objects.PushSecret, snapshot: Snapshot) -> Judgement:
    """By its Ready condition."""
    ready = conditions.condition(secret.status.conditions, "Ready")
    return conditions.by_ready_alone(secret.metadata, ready, snapshot.taken_at)


CHECK = Check(
    name="push-secrets",
    title="PushSecrets that are not synced.",
    judges={objects.PushSecret: judge},
    documented_as="kubectl get pushsecret -A",
    advice="Check the store that it pushes to.",
)
