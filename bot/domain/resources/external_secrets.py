"""external-secrets.io."""

from __future__ import annotations

from bot.domain.resources.base import (
    ConditionedObject,
    ConditionsStatus,
    Object,
    Part,
    Reference,
    Time,
)


class SecretTarget(Part, frozen=True):
    """`spec.target` of an ExternalSecret."""

    name: str = ""
    creation_policy: str = ""
    deletion_policy: str = ""
    """What becomes of the Secret once the provider has none: Retain, Delete or Merge."""


class ExternalSecretSpec(Part, frozen=True):
    """`spec` of an ExternalSecret."""

    secret_store_ref: Reference = Reference()
    refresh_interval: str = ""
    refresh_policy: str = ""
    target: SecretTarget = SecretTarget()


class ExternalSecretStatus(ConditionsStatus, frozen=True):
    """`status` of an ExternalSecret."""

    refresh_time: Time | None = None


class ExternalSecret(Object, frozen=True):
    """external-secrets.io ExternalSecret."""

    spec: ExternalSecretSpec = ExternalSecretSpec()
    status: ExternalSecretStatus = ExternalSecretStatus()


class NamespaceFailure(Part, frozen=True):
    """`status.failedNamespaces[]` of a ClusterExternalSecret."""

    namespace: str = ""
    reason: str = ""


class ClusterExternalSecretStatus(ConditionsStatus, frozen=True):
    """`status` of a ClusterExternalSecret."""

    failed_namespaces: tuple[NamespaceFailure, ...] = ()
    provisioned_namespaces: tuple[str, ...] = ()


class ClusterExternalSecret(Object, frozen=True):
    """external-secrets.io ClusterExternalSecret."""

    status: ClusterExternalSecretStatus = ClusterExternalSecretStatus()


class SecretStore(ConditionedObject, frozen=True):
    """external-secrets.io SecretStore."""


class ClusterSecretStore(ConditionedObject, frozen=True):
    """external-secrets.io ClusterSecretStore."""


class PushSecret(ConditionedObject, frozen=True):
    """external-secrets.io PushSecret."""
