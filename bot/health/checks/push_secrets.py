"""PushSecrets, for `meshmedic judge`. Source: external-secrets.io/v1alpha1."""

from bot.domain.check import Check
from bot.domain.conditions import judge_by_ready
from bot.domain.resources import external_secrets

CHECK = Check(
    name="push-secrets",
    title="PushSecrets that are not synced.",
    judges={external_secrets.PushSecret: judge_by_ready},
    documented_as="kubectl get pushsecret -A",
    advice="Check the store that it pushes to.",
)
