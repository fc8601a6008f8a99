"""Certificates: valid, renewed in time, and why not. Source: cert-manager.io/v1."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import msgspec

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import Evidence, Judgement, Ref
from bot.domain.grouping import grouped
from bot.domain.resources import cert_manager
from bot.domain.resources.base import Condition, Object
from bot.domain.sentences import moment
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health import issuance

LATE = timedelta(hours=1)
"""How long after its due time a renewal counts as late."""

ISSUING = timedelta(hours=1)
"""ACME takes minutes; cert-manager itself waits an hour after a first failure."""

MAX_NAMED = 3
"""How many Certificates on one Secret are named; the others are counted."""

WAITING = frozenset({"InProgress", "Pending", "TemporaryCertificate"})
"""Reasons by which cert-manager before 0.16, without a condition Issuing, said it was at work."""


def judge(certificate: cert_manager.Certificate, snapshot: Snapshot) -> Judgement:
    """Expired and not Ready are failed; a renewal that is late, fails or takes long is degraded."""
    judgement = _judge(certificate, snapshot.taken_at)
    rivals = _rivals(certificate, snapshot)
    if rivals:
        judgement = _shared(certificate, rivals, judgement)
    if judgement.verdict is Verdict.HEALTHY:
        return judgement
    judgement = _without_issuer(certificate, judgement, snapshot)
    requests = issuance.requests_for(certificate.name, certificate.namespace, snapshot)
    orders = issuance.owned(requests, cert_manager.Order, snapshot)
    challenges = issuance.owned(orders, cert_manager.Challenge, snapshot)
    issuer = certificate.spec.issuer_ref.scoped_ref("Issuer", certificate.namespace)
    behind: tuple[Object, ...] = (*challenges, *orders, *requests)
    return msgspec.structs.replace(
        judgement,
        evidence=tuple(_evidence(certificate.status, challenges)),
        follows=(
            *(rival for rival in rivals[:1] if rival < certificate.ref),
            issuer,
            *(resource.ref for resource in behind),
        ),
    )


def _without_issuer(
    certificate: cert_manager.Certificate, judgement: Judgement, snapshot: Snapshot
) -> Judgement:
    """Failed once its issuer is missing for longer than a moment: cert-manager waits for ever."""
    requests = issuance.requests_for(certificate.name, certificate.namespace, snapshot)
    entries = [entry for request in requests for entry in request.status.conditions]
    message = issuance.without_issuer(
        certificate.spec.issuer_ref,
        certificate.namespace,
        " ".join(entry.message for entry in entries),
        snapshot,
    )
    since = judgement.since or certificate.metadata.creation_timestamp
    late = since is not None and snapshot.taken_at - since > conditions.PATIENCE
    if not message or not late or certificate.metadata.deletion_timestamp:
        return judgement
    serves = conditions.is_true(certificate.status.conditions, "Ready")
    if serves or judgement.verdict is Verdict.FAILED:
        return msgspec.structs.replace(judgement, message=f"{judgement.message} {message}".strip())
    return msgspec.structs.replace(
        judgement, verdict=Verdict.FAILED, reason=issuance.NO_ISSUER, message=message
    )


def _rivals(certificate: cert_manager.Certificate, snapshot: Snapshot) -> tuple[Ref, ...]:
    """The other Certificates, in order, that write into the same Secret."""
    writers = snapshot.of(cert_manager.Certificate).once("by Secret", _by_secret)
    sharing = writers.get((certificate.namespace, certificate.spec.secret_name), ())
    if len(sharing) <= 1:
        return ()
    own = certificate.ref
    return tuple(sorted({ref for ref in sharing if ref != own})) if own in sharing else ()


def _by_secret(
    certificates: Iterable[cert_manager.Certificate],
) -> dict[tuple[str, str], list[Ref]]:
    """By namespace and name of the Secret; files may leave the namespace to kustomize."""
    return grouped(
        ((certificate.namespace, certificate.spec.secret_name), certificate.ref)
        for certificate in certificates
        if certificate.namespace
        and certificate.spec.secret_name
        and not certificate.metadata.deletion_timestamp
    )


def _shared(
    certificate: cert_manager.Certificate, rivals: tuple[Ref, ...], judgement: Judgement
) -> Judgement:
    """Degraded at least, and without a time: each writer makes the other's conditions change."""
    names = ", ".join(rival.name for rival in rivals[:MAX_NAMED])
    more = len(rivals) - MAX_NAMED
    message = (
        f"Certificate {names}{f' and {more} more' if more > 0 else ''} "
        f'has the same secretName, "{certificate.spec.secret_name}". '
        "They keep overwriting each other. Give each its own Secret."
    )
    if judgement.verdict is Verdict.FAILED:
        message = f"{message} {judgement.message}".strip()
        return msgspec.structs.replace(judgement, message=message, since=None)
    return Judgement(Verdict.DEGRADED, "SecretShared", message)


def _judge(certificate: cert_manager.Certificate, now: datetime) -> Judgement:
    status = certificate.status
    if gone := conditions.terminating(certificate, now):
        return gone
    if status.not_after and status.not_after <= now:
        message = f"It expired at {moment(status.not_after)}."
        return Judgement(Verdict.FAILED, "Expired", message, status.not_after)
    ready = conditions.condition(status.conditions, "Ready")
    issuing = conditions.condition(status.conditions, "Issuing")
    under_way = conditions.is_true(status.conditions, "Issuing")
    if under_way and ready and ready.status != "True" and not _failing(status):
        words = msgspec.structs.replace(under_way, message=under_way.message or ready.message)
        return conditions.progressing_by(words, "Issuing", now, patience=ISSUING)
    by_ready = conditions.by_ready_alone(certificate, ready, now)
    if ready and by_ready.verdict is Verdict.FAILED:
        return _unissued(ready, issuing, by_ready, now)
    if by_ready.verdict is not Verdict.HEALTHY:
        return by_ready
    return _renewal(status, issuing, now) or by_ready


def _unissued(
    ready: Condition, issuing: Condition | None, failed: Judgement, now: datetime
) -> Judgement:
    """There is no certificate: an old cert-manager is at work, or the last attempt says why."""
    if ready.reason in WAITING:
        return conditions.progressing_by(ready, ready.reason, now, patience=ISSUING)
    if issuing is None or issuing.status != "False" or issuing.message in ("", ready.message):
        return failed
    return msgspec.structs.replace(failed, message=f"{failed.message} {issuing.message}".strip())


def _renewal(
    status: cert_manager.CertificateStatus, issuing: Condition | None, now: datetime
) -> Judgement | None:
    """What is wrong with a certificate that still serves."""
    if _failing(status):
        last = f" {issuing.message}" if issuing and issuing.message else ""
        message = f"Renewal failed {status.failed_issuance_attempts or 1} times.{last}"
        return Judgement(Verdict.DEGRADED, "RenewalFailed", message, status.last_failure_time)
    if status.renewal_time and now - status.renewal_time > LATE:
        message = f"It was due for renewal at {moment(status.renewal_time)}."
        return Judgement(Verdict.DEGRADED, "RenewalLate", message, status.renewal_time)
    if issuing and issuing.status == "True":
        return conditions.progressing_by(issuing, "Issuing", now, patience=ISSUING)
    return None


def _failing(status: cert_manager.CertificateStatus) -> bool:
    return bool(status.failed_issuance_attempts or status.last_failure_time)


def _evidence(
    status: cert_manager.CertificateStatus, challenges: list[cert_manager.Challenge]
) -> Iterator[Evidence]:
    for label, at in (("not after", status.not_after), ("renewal", status.renewal_time)):
        if at:
            yield Evidence(label, moment(at))
    for challenge in challenges:
        if challenge.status.reason:
            yield Evidence(f"challenge for {challenge.spec.dns_name}", challenge.status.reason)


CHECK = Check(
    name="certificates",
    scope="certificates",
    title="Certificates that expired, are not issued, or are not renewed.",
    judges={cert_manager.Certificate: judge},
    documented_as="kubectl get certificates -A",
    advice="Follow its CertificateRequest, Order and Challenge to find the reason.",
    refers_to=(
        cert_manager.CertificateRequest,
        cert_manager.Order,
        cert_manager.Challenge,
        cert_manager.Issuer,
        cert_manager.ClusterIssuer,
    ),
)
