"""Injected Secrets, by name alone: each one is still the target of an ExternalSecret.

Source: the label `reconcile.external-secrets.io/managed`. The documented
`grep -v kubernetes.io` hides TLS Secrets and shows Helm's.
"""

from __future__ import annotations

from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Judgement
from bot.domain.resources import core, external_secrets
from bot.domain.snapshot import Snapshot, Why
from bot.domain.verdict import Verdict

MANAGED = "reconcile.external-secrets.io/managed"


def judge(secret: core.SecretName, snapshot: Snapshot) -> Judgement:
    """A managed Secret without its ExternalSecret is not refreshed any more."""
    managed = (secret.metadata.labels or {}).get(MANAGED) == "true"
    readable = snapshot.sees(external_secrets.ExternalSecret, secret.namespace)
    if not managed or not readable or _is_targeted(secret, snapshot):
        return HEALTHY
    if _is_pushed(secret, snapshot):
        return HEALTHY
    if not _pushes_are_known(snapshot):
        message = (
            "No ExternalSecret targets it. The PushSecrets were not seen, so it is unknown whether "
            "one of them writes it."
        )
        return Judgement(Verdict.UNKNOWN, "PushSecretsNotSeen", message)
    message = "It was injected by an ExternalSecret that no longer exists, so nothing refreshes it."
    return Judgement(Verdict.DEGRADED, "Orphaned", message, secret.metadata.creation_timestamp)


def _is_targeted(secret: core.SecretName, snapshot: Snapshot) -> bool:
    """Whether an ExternalSecret targets it: most have the same name, others name it."""
    if same := snapshot.get(external_secrets.ExternalSecret, secret.namespace, secret.name):
        return same.spec.target.name in ("", secret.name)
    return any(
        external_secret.namespace == secret.namespace
        and external_secret.spec.target.name == secret.name
        for external_secret in snapshot.of(external_secrets.ExternalSecret)
    )


def _pushes_are_known(snapshot: Snapshot) -> bool:
    """Whether every PushSecret was read: where the kind is not installed, there is none."""
    kind = external_secrets.PushSecret
    absent = any(
        gap.kind == kind.kind_name() and gap.why is Why.NOT_INSTALLED for gap in snapshot.gaps
    )
    return absent or snapshot.sees(kind)


def _is_pushed(secret: core.SecretName, snapshot: Snapshot) -> bool:
    """Whether a PushSecret writes it: into this cluster, it copies the labels of its source too."""
    return secret.name in snapshot.once("injected secrets: pushed", lambda: _pushed(snapshot))


def _pushed(snapshot: Snapshot) -> frozenset[str]:
    """The names of what is pushed, into whichever namespace the store stands for."""
    return frozenset(
        entry.match.remote_ref.remote_key
        for push in snapshot.of(external_secrets.PushSecret)
        for entry in push.spec.data or ()
    )


CHECK = Check(
    name="injected-secrets",
    scope="secrets",
    title="Injected Secrets that nothing refreshes.",
    judges={core.SecretName: judge},
    documented_as="kubectl get secrets -A -l reconcile.external-secrets.io/managed=true",
    advice="Restore the ExternalSecret in Git, or delete the Secret if nothing uses it.",
    refers_to=(external_secrets.ExternalSecret, external_secrets.PushSecret),
)
