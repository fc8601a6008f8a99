"""cert-manager.io and acme.cert-manager.io."""

from __future__ import annotations

from bot.domain.resources.base import (
    ConditionedObject,
    ConditionsStatus,
    Object,
    Part,
    Reference,
    Time,
)
from bot.domain.resources.limits import Many, Text


class IssuerReference(Reference, frozen=True):
    """`issuerRef`: an issuer of cert-manager, or of another API group."""

    group: Text = ""

    @property
    def is_external(self) -> bool:
        """Whether somebody other than cert-manager itself signs."""
        own_kind = self.kind in ("", "Issuer", "ClusterIssuer")
        return not own_kind or self.group not in ("", "cert-manager.io")


class CertificateSpec(Part, frozen=True):
    """`spec` of a Certificate."""

    secret_name: Text = ""
    issuer_ref: IssuerReference = IssuerReference()


class CertificateStatus(ConditionsStatus, frozen=True):
    """`status` of a Certificate."""

    not_after: Time | None = None
    renewal_time: Time | None = None
    last_failure_time: Time | None = None
    failed_issuance_attempts: int = 0


class Certificate(Object, frozen=True):
    """cert-manager.io Certificate (and the older certmanager.k8s.io)."""

    spec: CertificateSpec = CertificateSpec()
    status: CertificateStatus = CertificateStatus()


class CertificateRequestSpec(Part, frozen=True):
    """`spec` of a CertificateRequest."""

    issuer_ref: IssuerReference = IssuerReference()


class CertificateRequest(ConditionedObject, frozen=True):
    """cert-manager.io CertificateRequest; annotation `cert-manager.io/certificate-name`."""

    spec: CertificateRequestSpec = CertificateRequestSpec()


class AcmeStatus(Part, frozen=True):
    """`status` of an Order or a Challenge: a state instead of conditions."""

    state: Text = ""
    reason: Text = ""
    failure_time: Time | None = None


class ChallengeSpec(Part, frozen=True):
    """`spec` of a Challenge."""

    dns_name: Text = ""


class OrderSpec(Part, frozen=True):
    """`spec` of an Order."""

    dns_names: Many[Text] | None = None
    issuer_ref: IssuerReference = IssuerReference()


class Order(Object, frozen=True):
    """acme.cert-manager.io Order."""

    spec: OrderSpec = OrderSpec()
    status: AcmeStatus = AcmeStatus()


class Challenge(Object, frozen=True):
    """acme.cert-manager.io Challenge."""

    spec: ChallengeSpec = ChallengeSpec()
    status: AcmeStatus = AcmeStatus()


class Issuer(ConditionedObject, frozen=True):
    """cert-manager.io Issuer."""


class ClusterIssuer(ConditionedObject, frozen=True):
    """cert-manager.io ClusterIssuer."""
