"""Certificates: valid, renewed in time, and why not. Source: cert-manager.io/v1."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import Evidence, Judgement
from bot.domain.resources import cert_manager
from bot.domain.resources.base import Condition
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health import cert_manager as issuance

LATE = timedelta(hours=1)
"""A renewal is not late in the hour in which it is due."""

ISSUING = timedelta(hours=1)
"""ACME takes minutes; cert-manager itself waits an hour after a first failure."""

WAITING = frozenset({"InProgress", "Pending", "TemporaryCertificate"})
"""How cert-manager said, before it kept a condition Issuing (0.16), that it was at it."""


def judge(certificate: cert_manager.Certificate, snapshot: Snapshot) -> Judgement:
    """Expired and not Ready are failed; a renewal that is late, fails or takes long is degraded."""
    found = _judge(certificate, snapshot)
    if found.verdict is Verdict.HEALTHY:
        return found
    requests = issuance.requests_for(certificate.name, certificate.namespace, snapshot)
    orders = [
        o for request in requests for o in issuance.owned(request, cert_manager.Order, snapshot)
    ]
    challenges = [
        c for order in orders for c in issuance.owned(order, cert_manager.Challenge, snapshot)
    ]
    return msgspec.structs.replace(
        found,
        evidence=_evidence(certificate, challenges),
        follows=(
            issuance.issuer(certificate.spec.issuer_ref, certificate.namespace),
            *issuance.refs(challenges),
            *issuance.refs(orders),
            *issuance.refs(requests),
        ),
    )


def _judge(certificate: cert_manager.Certificate, snapshot: Snapshot) -> Judgement:
    now, status = snapshot.taken_at, certificate.status
    if gone := conditions.terminating(certificate.metadata, now):
        return gone
    if status.not_after and status.not_after <= now:
        message = f"It expired at {_told(status.not_after)}."
        return _said(Verdict.FAILED, "Expired", message, status.not_after)
    ready = conditions.condition(status.conditions, "Ready")
    issuing = conditions.is_true(status.conditions, "Issuing")
    if issuing and ready and ready.status != "True" and not _failing(status):
        return conditions.progressing(
            issuing.reason or "Issuing",
            issuing.message or ready.message,
            issuing.last_transition_time,
            now,
            patience=ISSUING,
        )
    by_ready = conditions.by_ready_alone(certificate.metadata, ready, now)
    if ready and by_ready.verdict is Verdict.FAILED:
        return _unissued(status, ready, by_ready, now)
    if by_ready.verdict is not Verdict.HEALTHY:
        return by_ready
    return _renewal(status, issuing, now) or by_ready


def _unissued(
    status: cert_manager.CertificateStatus, ready: Condition, failed: Judgement, now: datetime
) -> Judgement:
    """There is no certificate: an elder cert-manager is at it, or the last attempt says why."""
    if ready.reason in WAITING:
        since = ready.last_transition_time
        return conditions.progressing(ready.reason, ready.message, since, now, patience=ISSUING)
    issuing = conditions.condition(status.conditions, "Issuing")
    if issuing is None or issuing.status != "False" or issuing.message in ("", ready.message):
        return failed
    return msgspec.structs.replace(failed, message=f"{failed.message} {issuing.message}".strip())


def _renewal(
    status: cert_manager.CertificateStatus, issuing: Condition | None, now: datetime
) -> Judgement | None:
    """What is wrong with a certificate that still serves."""
    if _failing(status):
        last = conditions.condition(status.conditions, "Issuing")
        said = f" {last.message}" if last and last.message else ""
        attempts = status.failed_issuance_attempts or 1
        message = f"Renewal failed {attempts} times.{said}"
        return _said(Verdict.DEGRADED, "RenewalFailed", message, status.last_failure_time)
    if status.renewal_time and now - status.renewal_time > LATE:
        message = f"It was due for renewal at {_told(status.renewal_time)}."
        return _said(Verdict.DEGRADED, "RenewalLate", message, status.renewal_time)
    if issuing:
        return conditions.progressing(
            issuing.reason or "Issuing",
            issuing.message,
            issuing.last_transition_time,
            now,
            patience=ISSUING,
        )
    return None


def _failing(status: cert_manager.CertificateStatus) -> bool:
    return bool(status.failed_issuance_attempts or status.last_failure_time)


def _said(verdict: Verdict, reason: str, message: str, since: datetime | None) -> Judgement:
    return Judgement(verdict=verdict, reason=reason, message=message, since=since)


def _told(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _evidence(
    certificate: cert_manager.Certificate, challenges: list[cert_manager.Challenge]
) -> tuple[Evidence, ...]:
    status = certificate.status
    times = (("not after", status.not_after), ("renewal", status.renewal_time))
    dated = [Evidence(label, _told(moment)) for label, moment in times if moment]
    said = [
        Evidence(f"challenge for {challenge.spec.dns_name}", challenge.status.reason)
        for challenge in challenges
        if challenge.status.reason
    ]
    return (*dated, *said)


CHECK = Check(
    name="certificates",
    scope="certificates",
    title="Certificates that expired, are not issued, or are not renewed.",
    judges={cert_manager.Certificate: judge},
    documented_as="kubectl get certificates -A",
    advice="Follow CertificateRequest, Order and Challenge to the reason.",
    refers_to=(
        cert_manager.CertificateRequest,
        cert_manager.Order,
        cert_manager.Challenge,
        cert_manager.Issuer,
        cert_manager.ClusterIssuer,
    ),
)
