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
from bot.domain.resources.limits import Many, Text, VeryMany


class SecretTarget(Part, frozen=True):
    """`spec.target` of an ExternalSecret."""

    name: Text = ""
    creation_policy: Text = ""
    deletion_policy: Text = ""
    """What becomes of the Secret once the provider has none: Retain, Delete or Merge."""
    manifest: Reference | None = None
    """The kind of object that is made in place of a Secret (External Secrets 2)."""


class SourceReference(Part, frozen=True):
    """`sourceRef` of an entry: another store than that of the whole, or a generator."""

    store_ref: Reference | None = None


class SecretData(Part, frozen=True):
    """`spec.data[]` and `spec.dataFrom[]` of an ExternalSecret."""

    source_ref: SourceReference | None = None


class ExternalSecretSpec(Part, frozen=True):
    """`spec` of an ExternalSecret."""

    secret_store_ref: Reference = Reference()
    refresh_interval: Text = ""
    refresh_policy: Text = ""
    target: SecretTarget = SecretTarget()
    data: Many[SecretData] | None = None
    data_from: Many[SecretData] | None = None


class ExternalSecretStatus(ConditionsStatus, frozen=True):
    """`status` of an ExternalSecret."""

    refresh_time: Time | None = None


class ExternalSecret(Object, frozen=True):
    """external-secrets.io ExternalSecret."""

    spec: ExternalSecretSpec = ExternalSecretSpec()
    status: ExternalSecretStatus = ExternalSecretStatus()


class NamespaceFailure(Part, frozen=True):
    """`status.failedNamespaces[]` of a ClusterExternalSecret."""

    namespace: Text = ""
    reason: Text = ""


class ClusterExternalSecretStatus(ConditionsStatus, frozen=True):
    """`status` of a ClusterExternalSecret."""

    failed_namespaces: VeryMany[NamespaceFailure] = ()
    provisioned_namespaces: VeryMany[Text] = ()


class ClusterExternalSecret(Object, frozen=True):
    """external-secrets.io ClusterExternalSecret."""

    status: ClusterExternalSecretStatus = ClusterExternalSecretStatus()


class SecretStore(ConditionedObject, frozen=True):
    """external-secrets.io SecretStore."""


class ClusterSecretStore(ConditionedObject, frozen=True):
    """external-secrets.io ClusterSecretStore."""


class RemoteReference(Part, frozen=True):
    """`remoteRef` of a PushSecret's entry: what it is called where it is pushed to."""

    remote_key: Text = ""


class PushMatch(Part, frozen=True):
    """`match` of a PushSecret's entry."""

    remote_ref: RemoteReference = RemoteReference()


class PushData(Part, frozen=True):
    """`spec.data[]` of a PushSecret."""

    match: PushMatch = PushMatch()


class PushSecretSpec(Part, frozen=True):
    """`spec` of a PushSecret."""

    data: Many[PushData] | None = None
    secret_store_refs: Many[Reference] | None = None


class PushSecret(ConditionedObject, frozen=True):
    """external-secrets.io PushSecret."""

    spec: PushSecretSpec = PushSecretSpec()
