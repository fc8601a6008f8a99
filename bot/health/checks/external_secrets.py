"""ExternalSecrets and ClusterExternalSecrets: synced, and a Secret is there.

Source: external-secrets.io, its conditions' reasons. Ready=True with SecretMissing or
SecretDeleted means that there is no Secret.
"""

from __future__ import annotations

import re
from datetime import timedelta

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import Evidence, Judgement, Ref
from bot.domain.resources import core, external_secrets
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict

ABSENT = frozenset({"SecretMissing", "SecretDeleted"})
UNREFRESHED = frozenset({"CreatedOnce", "OnChange"})
"""Refresh policies under which an old refresh is what was asked for."""

KEEPERS = frozenset({"Merge", "None"})
"""Creation policies under which the Secret is somebody else's."""

UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(h|ms|m|s|us|µs|ns)")


def judge(secret: external_secrets.ExternalSecret, snapshot: Snapshot) -> Judgement:
    """By Ready and its reason, then by the Secret itself where it can be seen, then by age."""
    now, follows = snapshot.taken_at, (_store(secret),)
    if gone := conditions.terminating(secret.metadata, now):
        return gone
    ready = conditions.condition(secret.status.conditions, "Ready")
    if ready and ready.status == "True" and ready.reason in ABSENT:
        return conditions.judged(ready, Verdict.FAILED, follows=follows)
    found = conditions.by_ready_alone(secret.metadata, ready, now, follows=follows)
    if found.verdict is not Verdict.HEALTHY:
        return found
    return _lost(secret, snapshot) or _stale(secret, snapshot) or found


def judge_everywhere(
    secret: external_secrets.ClusterExternalSecret, snapshot: Snapshot
) -> Judgement:
    """Namespaces that failed, some of them or all, before what Ready says."""
    status = secret.status
    failed = tuple(
        Evidence(f"namespace {namespace.namespace}", namespace.reason)
        for namespace in status.failed_namespaces
    )
    ready = conditions.condition(status.conditions, "Ready")
    if ready and ready.status == "True" and not failed:
        # Elder versions leave NotReady and PartiallyReady standing beside a Ready that came later.
        return conditions.by_ready_alone(secret.metadata, ready, snapshot.taken_at)
    for type_ in ("PartiallyReady", "NotReady"):
        if found := conditions.is_true(status.conditions, type_):
            partly = type_ == "PartiallyReady" or bool(status.provisioned_namespaces)
            return Judgement(
                verdict=Verdict.DEGRADED if partly else Verdict.FAILED,
                reason=found.reason or type_,
                message=found.message or f"{len(failed)} namespaces failed.",
                since=found.last_transition_time,
                evidence=failed,
            )
    if failed:
        return Judgement(
            verdict=Verdict.DEGRADED if status.provisioned_namespaces else Verdict.FAILED,
            reason=(ready.reason if ready else "") or "NamespacesFailed",
            message=(ready.message if ready else "") or f"{len(failed)} namespaces failed.",
            since=ready.last_transition_time if ready else None,
            evidence=failed,
        )
    return conditions.by_ready_alone(secret.metadata, ready, snapshot.taken_at)


def _store(secret: external_secrets.ExternalSecret) -> Ref:
    reference = secret.spec.secret_store_ref
    if reference.kind == "ClusterSecretStore":
        return Ref("ClusterSecretStore", "", reference.name)
    return Ref("SecretStore", secret.namespace, reference.name)


def _lost(secret: external_secrets.ExternalSecret, snapshot: Snapshot) -> Judgement | None:
    """It claims to be synced, and the Secret that it should have made is not there."""
    if secret.spec.target.creation_policy in KEEPERS:
        return None
    name = secret.spec.target.name or secret.name
    if not snapshot.sees(core.SecretName, secret.namespace):
        return None
    if snapshot.get(core.SecretName, secret.namespace, name):
        return None
    return Judgement(
        verdict=Verdict.FAILED,
        reason="SecretNotFound",
        message=f'It is said to be synced, but there is no Secret "{name}".',
    )


def _stale(secret: external_secrets.ExternalSecret, snapshot: Snapshot) -> Judgement | None:
    """Not refreshed for twice its interval, unless that is what was asked for."""
    refreshed, interval = secret.status.refresh_time, _seconds(secret.spec.refresh_interval)
    if not snapshot.hears or refreshed is None or not interval:
        return None
    if secret.spec.refresh_policy in UNREFRESHED:
        return None
    if snapshot.taken_at - refreshed <= 2 * interval:
        return None
    return Judgement(
        verdict=Verdict.DEGRADED,
        reason="RefreshLate",
        message=f"It was not refreshed for twice its interval of {secret.spec.refresh_interval}.",
        since=refreshed,
        follows=(_store(secret),),
    )


def _seconds(interval: str) -> timedelta | None:
    """A Go duration such as `1h` or `1m30s`; None for zero and for what is no duration."""
    parts = DURATION.findall(interval)
    if not parts or "".join(number + unit for number, unit in parts) != interval:
        return None
    try:
        return timedelta(seconds=sum(float(number) * UNITS[unit] for number, unit in parts)) or None
    except OverflowError:
        return None


CHECK = Check(
    name="external-secrets",
    scope="secrets",
    title="ExternalSecrets that are not synced, and Secrets that are not there.",
    judges={
        external_secrets.ExternalSecret: judge,
        external_secrets.ClusterExternalSecret: judge_everywhere,
    },
    documented_as="kubectl get externalsecret -A",
    advice="Check the store, and the key that it asks the provider for.",
    refers_to=(external_secrets.SecretStore, external_secrets.ClusterSecretStore, core.SecretName),
)
