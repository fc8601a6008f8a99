"""A renewal that fails, as cert-manager leaves it behind: request, order and challenge."""

from __future__ import annotations

from bot.sandbox.scenarios.breaking import tell
from bot.sandbox.scenarios.gitops import ACME_SERVER, CERT_MANAGER
from bot.sandbox.scenarios.plain import Plain, a_condition, an_object, letters
from bot.sandbox.scenarios.scenario import Homelab

ACME = "acme.cert-manager.io/v1"

NOT_ISSUED = (
    "The certificate request has failed to complete and will be retried: Failed to wait for order "
    'resource "{order}" to become ready: order is in "invalid" state: '
)


def renewal_failed(
    lab: Homelab, namespace: str, name: str, why: str, *, hours: float, attempts: int
) -> Plain:
    """The renewal of a Certificate failed that many hours ago; what it serves is still valid.

    `why` is what the ACME server said of the challenge. Gives the Certificate.
    """
    certificate = lab.get("Certificate", namespace, name)
    request, order, challenge = _chain(lab, certificate, hours=hours)
    failed = lab.times.ago(hours=hours)
    message = NOT_ISSUED.format(order=order["metadata"]["name"])
    request["status"] = {
        "conditions": [
            a_condition("Approved", failed, reason="cert-manager.io"),
            a_condition("Ready", failed, status="False", reason="Failed", message=message),
        ],
        "failureTime": failed,
    }
    said = f"Failed to finalize Order: {why}"
    order["status"] = {"state": "invalid", "reason": said, "failureTime": failed}
    challenge["status"] = {"state": "invalid", "reason": why, "processing": False}
    _note_failure(certificate, failed, message, attempts)
    due = hours + attempts
    certificate["status"].update(
        notBefore=lab.times.ago(days=60, hours=due),
        notAfter=lab.times.ahead(days=30, hours=-due),
        renewalTime=lab.times.ago(hours=due),
    )
    tell(lab, certificate, "Failed", message, minutes=hours * 60, count=attempts, source=ISSUING)
    tell(lab, challenge, "Failed", f"Accepting challenge authorization failed: {why}", source=ACMES)
    lab.add(request, order, challenge)
    return certificate


ISSUING = "cert-manager-certificates-issuing"
ACMES = "cert-manager-challenges"


def pending_request(lab: Homelab, certificate: Plain, since: str, message: str) -> Plain:
    """A request for a first certificate that waits for its issuer."""
    request = _request(certificate, since, revision=1)
    waits = a_condition("Ready", since, status="False", reason="Pending", message=message)
    request["status"] = {"conditions": [waits]}
    tell(lab, request, "IssuerNotReady", message, count=9, source="cert-manager")
    lab.add(request)
    return request


def _note_failure(certificate: Plain, failed: str, message: str, attempts: int) -> None:
    issuing = a_condition("Issuing", failed, status="False", reason="Failed", message=message)
    certificate["status"]["conditions"].append(issuing)
    certificate["status"]["failedIssuanceAttempts"] = attempts
    certificate["status"]["lastFailureTime"] = failed


UNREAD = "AA=="
"""Bytes that a CRD demands and nobody looks at."""


def _request(certificate: Plain, born: str, *, revision: int) -> Plain:
    meta = certificate["metadata"]
    return an_object(
        "CertificateRequest",
        f"{meta['name']}-{revision}",
        meta["namespace"],
        api=CERT_MANAGER,
        born=born,
        annotations={
            "cert-manager.io/certificate-name": meta["name"],
            "cert-manager.io/certificate-revision": str(revision),
        },
        owner=("Certificate", meta["name"]),
        spec={"issuerRef": dict(certificate["spec"]["issuerRef"]), "request": UNREAD},
    )


def _chain(lab: Homelab, certificate: Plain, *, hours: float) -> tuple[Plain, Plain, Plain]:
    """The request of the fourth revision, its order and its challenge, without a status."""
    born = lab.times.ago(hours=hours, minutes=2)
    request = _request(certificate, born, revision=4)
    name, namespace = request["metadata"]["name"], request["metadata"]["namespace"]
    (host,) = certificate["spec"]["dnsNames"]
    order = an_object(
        "Order",
        f"{name}-{letters(name, 10)}",
        namespace,
        api=ACME,
        born=born,
        owner=("CertificateRequest", name),
        spec={"dnsNames": [host], **request["spec"]},
    )
    challenge = an_object(
        "Challenge",
        f"{order['metadata']['name']}-{letters(host, 10)}",
        namespace,
        api=ACME,
        born=born,
        owner=("Order", order["metadata"]["name"]),
        spec={
            "dnsName": host,
            "type": "HTTP-01",
            "authorizationURL": f"{ACME_SERVER}/authz/1",
            "url": f"{ACME_SERVER}/chall/1",
            "issuerRef": request["spec"]["issuerRef"],
            "key": UNREAD,
            "token": UNREAD,
            "solver": {"http01": {"ingress": {"ingressClassName": "traefik"}}},
        },
    )
    return request, order, challenge
