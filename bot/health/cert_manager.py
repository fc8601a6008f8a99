"""From a Certificate to its requests, orders, challenges and issuer, as cert-manager links them."""

from __future__ import annotations

from typing import TypeVar

from bot.domain.finding import Ref
from bot.domain.resources import cert_manager
from bot.domain.resources.base import Object, Reference
from bot.domain.snapshot import Snapshot

T = TypeVar("T", bound=Object)

CERTIFICATE_NAME = "cert-manager.io/certificate-name"
"""The annotation by which a CertificateRequest names its Certificate."""


def issuer(reference: Reference, namespace: str) -> Ref:
    """The Issuer of the namespace, or the ClusterIssuer, that a reference means."""
    if reference.kind == "ClusterIssuer":
        return Ref("ClusterIssuer", "", reference.name)
    return Ref("Issuer", namespace, reference.name)


def certificate_of(request: cert_manager.CertificateRequest) -> str:
    """The name of the Certificate that a request is for; empty where nobody says."""
    return (request.metadata.annotations or {}).get(CERTIFICATE_NAME, "")


def requests_for(
    name: str, namespace: str, snapshot: Snapshot
) -> list[cert_manager.CertificateRequest]:
    """The requests of a Certificate, old ones too."""

    def grouped() -> dict[tuple[str, str], list[cert_manager.CertificateRequest]]:
        groups: dict[tuple[str, str], list[cert_manager.CertificateRequest]] = {}
        for certificate_request in snapshot.of(cert_manager.CertificateRequest):
            groups.setdefault(
                (certificate_request.namespace, certificate_of(certificate_request)), []
            ).append(certificate_request)
        return groups

    return snapshot.once("issuance: requests by Certificate", grouped).get((namespace, name), [])


def owned(parent: Object, kind: type[T], snapshot: Snapshot) -> list[T]:
    """The objects of a type that name the parent as their owner."""

    def grouped() -> dict[tuple[str, str, str], list[T]]:
        groups: dict[tuple[str, str, str], list[T]] = {}
        for resource in snapshot.of(kind):
            for owner in resource.metadata.owner_references or ():
                groups.setdefault((resource.namespace, owner.kind, owner.name), []).append(resource)
        return groups

    found = snapshot.once(f"issuance: {kind.__name__} by owner", grouped)
    return found.get((parent.namespace, type(parent).__name__, parent.name), [])


def refs(each: list[T]) -> tuple[Ref, ...]:
    """References to them."""
    return tuple(Ref(type(one).__name__, one.namespace, one.name) for one in each)
