"""From a Certificate to its requests, orders and challenges, as cert-manager links them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from bot.domain.finding import Ref
from bot.domain.grouping import grouped
from bot.domain.resources import cert_manager
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot

T = TypeVar("T", bound=Object)

CERTIFICATE_NAME = "cert-manager.io/certificate-name"
"""The annotation by which a CertificateRequest names its Certificate."""


def certificate_of(request: cert_manager.CertificateRequest) -> str:
    """The name of the Certificate that a request is for; empty where it is not named."""
    return (request.metadata.annotations or {}).get(CERTIFICATE_NAME, "")


def requests_for(
    name: str, namespace: str, snapshot: Snapshot
) -> list[cert_manager.CertificateRequest]:
    """The requests of a Certificate, old ones too."""
    requests = snapshot.once(
        "cert-manager: requests by Certificate",
        lambda: grouped(
            ((request.namespace, certificate_of(request)), request)
            for request in snapshot.of(cert_manager.CertificateRequest)
        ),
    )
    return requests.get((namespace, name), [])


def owned(parents: Iterable[Object], kind: type[T], snapshot: Snapshot) -> list[T]:
    """The objects of a type that name one of the parents as their owner."""
    by_owner = snapshot.once(
        f"cert-manager: {kind.__name__} by owner",
        lambda: grouped(
            (Ref(owner.kind, resource.namespace, owner.name), resource)
            for resource in snapshot.of(kind)
            for owner in resource.metadata.owner_references or ()
        ),
    )
    return [child for parent in parents for child in by_owner.get(parent.ref, ())]
