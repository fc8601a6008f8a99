"""ExternalSecrets and ClusterExternalSecrets: synced, and a Secret is there.

Source: external-secrets.io, its conditions' reasons. Ready=True with SecretMissing or
SecretDeleted means that the Secret does not exist: degraded where its own deletionPolicy asked for
that, failed otherwise.
"""

from __future__ import annotations

import msgspec

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import Evidence, Judgement, Ref
from bot.domain.resources import core, external_secrets
from bot.domain.resources.base import Condition
from bot.domain.snapshot import Snapshot
from bot.domain.timestamps import go_duration
from bot.domain.verdict import Verdict
from bot.health import known_names

ABSENT = frozenset({"SecretMissing", "SecretDeleted"})
UNREFRESHED = frozenset({"CreatedOnce", "OnChange"})
"""Refresh policies under which an old refresh is intended."""

KEEPERS = frozenset({"Merge", "None"})
"""Creation policies under which something else creates the Secret."""


def judge(secret: external_secrets.ExternalSecret, snapshot: Snapshot) -> Judgement:
    """By Ready and its reason, then by the Secret itself where it can be read, then by age."""
    now, follows = snapshot.taken_at, _stores(secret)
    if gone := conditions.terminating(secret, now):
        return gone
    ready = conditions.condition(secret.status.conditions, "Ready")
    if ready and ready.status == "True" and ready.reason in ABSENT:
        if ready.reason == "SecretDeleted" and secret.spec.target.deletion_policy == "Delete":
            return _deleted_as_asked(ready, follows)
        return conditions.judgement(ready, Verdict.FAILED, follows=follows)
    by_ready = conditions.by_ready_alone(secret, ready, now, follows=follows)
    if by_ready.verdict is not Verdict.HEALTHY:
        return by_ready
    return _lost(secret, snapshot) or _stale(secret, snapshot) or by_ready


def judge_everywhere(
    secret: external_secrets.ClusterExternalSecret, snapshot: Snapshot
) -> Judgement:
    """Failed namespaces, some or all, take precedence over Ready."""
    status = secret.status
    ready = conditions.condition(status.conditions, "Ready")
    failed = tuple(
        Evidence(f"namespace {failure.namespace}", failure.reason)
        for failure in status.failed_namespaces
    )
    partial = conditions.is_true(status.conditions, "PartiallyReady")
    failure = partial or conditions.is_true(status.conditions, "NotReady")
    # Old versions leave NotReady and PartiallyReady standing beside a Ready that came later.
    if not failed and (failure is None or (ready and ready.status == "True")):
        return conditions.by_ready_alone(secret, ready, snapshot.taken_at)
    words = failure or ready or Condition()
    message = words.message.rstrip(".") or f"Failed namespaces: {len(failed)}"
    why = f" ({failed[0].label}: {failed[0].value})" if failed else ""
    return Judgement(
        Verdict.DEGRADED if partial or status.provisioned_namespaces else Verdict.FAILED,
        words.reason or (failure.type if failure else "NamespacesFailed"),
        f"{message}{why}.",
        since=words.last_transition_time,
        evidence=failed,
    )


def _stores(secret: external_secrets.ExternalSecret) -> tuple[Ref, ...]:
    """The stores that it reads from: that of the whole, and those of single entries."""
    spec = secret.spec
    entries = (*(spec.data or ()), *(spec.data_from or ()))
    sources = (entry.source_ref.store_ref for entry in entries if entry.source_ref)
    named = [reference for reference in (spec.secret_store_ref, *sources) if reference]
    return tuple(
        dict.fromkeys(
            reference.scoped_ref("SecretStore", secret.namespace)
            for reference in named
            if reference.name
        )
    )


def _deleted_as_asked(ready: Condition, follows: tuple[Ref, ...]) -> Judgement:
    """The provider has nothing any more, and the policy wants the Secret to go with it."""
    judgement = conditions.judgement(ready, Verdict.DEGRADED, follows=follows)
    message = (
        "The provider no longer has the value, so deletionPolicy: Delete removed the Secret. "
        "Put the value back, or remove the ExternalSecret."
    )
    return msgspec.structs.replace(judgement, message=message)


def _lost(secret: external_secrets.ExternalSecret, snapshot: Snapshot) -> Judgement | None:
    """It is reported as synced, but the Secret that it should have created does not exist."""
    name = secret.spec.target.name or secret.name
    manifest = secret.spec.target.manifest
    creates = secret.spec.target.creation_policy not in KEEPERS and (
        manifest is None or manifest.kind == "Secret"
    )
    readable = snapshot.sees(core.SecretName, secret.namespace)
    if not creates or not readable or snapshot.get(core.SecretName, secret.namespace, name):
        return None
    message = f'It reports that it is synced, but there is no Secret "{name}".'
    return Judgement(Verdict.FAILED, "SecretNotFound", message)


def _stale(secret: external_secrets.ExternalSecret, snapshot: Snapshot) -> Judgement | None:
    """Not refreshed for twice its interval, unless its policy is not to refresh."""
    refreshed, spec = secret.status.refresh_time, secret.spec
    interval = go_duration(spec.refresh_interval)
    if not snapshot.hears or not interval or spec.refresh_policy in UNREFRESHED:
        return None
    if refreshed is None or (snapshot.taken_at - refreshed) / 2 <= interval:
        return None
    message = f"It was not refreshed within twice its interval of {spec.refresh_interval}."
    return Judgement(Verdict.DEGRADED, "RefreshLate", message, refreshed, follows=_stores(secret))


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
    known_as=known_names.secret,
)
