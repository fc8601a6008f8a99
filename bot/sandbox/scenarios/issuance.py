"""A failed renewal as cert-manager leaves it: request, order and challenge."""

from __future__ import annotations

from bot.sandbox.scenarios.breaking import add_event
from bot.sandbox.scenarios.gitops import ACME_SERVER
from bot.sandbox.scenarios.plain import Plain, a_condition, an_object, letters
from bot.sandbox.scenarios.scenario import Homelab

NOT_ISSUED = (
    "The certificate request has failed to complete and will be retried: Failed to wait for order "
    'resource "{order}" to become ready: order is in "invalid" state: '
)
UNREAD = "AA=="
"""Bytes that a CRD requires and nothing reads."""

ISSUING = "cert-manager-certificates-issuing"
CHALLENGES = "cert-manager-challenges"


def renewal_failed(
    lab: Homelab, namespace: str, name: str, why: str, *, hours: float, attempts: int
) -> None:
    """Let the renewal of a Certificate fail `hours` ago; what it serves is still valid.

    `why` is the ACME server's answer to the challenge.
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
    reason = f"Failed to finalize Order: {why}"
    order["status"] = {"state": "invalid", "reason": reason, "failureTime": failed}
    challenge["status"] = {"state": "invalid", "reason": why, "processing": False}
    issuing = a_condition("Issuing", failed, status="False", reason="Failed", message=message)
    certificate["status"]["conditions"].append(issuing)
    since_renewal = hours + attempts
    certificate["status"].update(
        failedIssuanceAttempts=attempts,
        lastFailureTime=failed,
        notBefore=lab.times.ago(days=60, hours=since_renewal),
        notAfter=lab.times.ahead(days=30, hours=-since_renewal),
        renewalTime=lab.times.ago(hours=since_renewal),
    )
    add_event(
        lab, certificate, "Failed", message, minutes=hours * 60, count=attempts, source=ISSUING
    )
    refused = f"Accepting challenge authorization failed: {why}"
    add_event(lab, challenge, "Failed", refused, source=CHALLENGES)
    lab.add(request, order, challenge)


def pending_request(lab: Homelab, certificate: Plain, since: str, message: str) -> None:
    """Add a request for a first certificate that waits for its issuer."""
    request = _request(certificate, since, revision=1)
    pending = a_condition("Ready", since, status="False", reason="Pending", message=message)
    request["status"] = {"conditions": [pending]}
    add_event(lab, request, "IssuerNotReady", message, count=9, source="cert-manager")
    lab.add(request)


def _request(certificate: Plain, born: str, *, revision: int) -> Plain:
    meta = certificate["metadata"]
    return an_object(
        "CertificateRequest",
        f"{meta['name']}-{revision}",
        meta["namespace"],
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
    order_name = f"{name}-{letters(name, 10)}"
    owner = ("CertificateRequest", name)
    spec = {"dnsNames": [host], **request["spec"]}
    order = an_object("Order", order_name, namespace, born=born, owner=owner, spec=spec)
    challenge = an_object(
        "Challenge",
        f"{order_name}-{letters(host, 10)}",
        namespace,
        born=born,
        owner=("Order", order_name),
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
