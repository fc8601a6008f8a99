"""From a Certificate to its requests, orders and challenges, as cert-manager links them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

from bot.domain.finding import Ref
from bot.domain.grouping import grouped
from bot.domain.resources import cert_manager
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot

T = TypeVar("T", bound=Object)

NOT_FOUND = re.compile(r'[Rr]eferenced "(?:Cluster)?Issuer" not found')
"""How a CertificateRequest, pending for ever, says that its issuer does not exist.

Source: cert-manager, `pkg/controller/certificaterequests/sync.go`."""

NO_ISSUER = "IssuerNotFound"

CERTIFICATE_NAME = "cert-manager.io/certificate-name"
"""The annotation by which a CertificateRequest names its Certificate."""


def certificate_of(request: cert_manager.CertificateRequest) -> str:
    """The name of the Certificate that a request is for; empty where it is not named."""
    return (request.metadata.annotations or {}).get(CERTIFICATE_NAME, "")


def without_issuer(
    issuer_ref: cert_manager.IssuerReference, namespace: str, words: str, snapshot: Snapshot
) -> str:
    """That the issuer does not exist, and what to do; empty where it may exist.

    words: What the object's own conditions say.
    """
    if issuer_ref.is_external or not issuer_ref.name:
        return ""
    issuer = issuer_ref.scoped_ref("Issuer", namespace)
    kinds: dict[str, type[Object]] = {
        "Issuer": cert_manager.Issuer,
        "ClusterIssuer": cert_manager.ClusterIssuer,
    }
    kind = kinds[issuer.kind]
    if snapshot.get(kind, issuer.namespace, issuer.name):
        return ""
    absent = snapshot.sees(kind, issuer.namespace or None)
    if not absent and not NOT_FOUND.search(words):
        return ""
    other = Ref("ClusterIssuer", "", issuer.name)
    if issuer.kind == "Issuer" and snapshot.get(kinds[other.kind], "", other.name):
        hint = "There is a ClusterIssuer with that name: set kind: ClusterIssuer in issuerRef."
    else:
        hint = "Create it, or correct issuerRef."
    return f"{issuer} does not exist, so nothing signs this. {hint}"


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
