"""CertificateRequests, Orders and Challenges: the steps between a Certificate and its issuer.

Source: cert-manager.io/v1 and acme.cert-manager.io/v1. A request that a newer one of the same
Certificate has replaced does not matter any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.domain import conditions, event_reasons
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Judgement
from bot.domain.resources import cert_manager
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health import issuance, known_names

AcmeObject = cert_manager.Order | cert_manager.Challenge

GOOD = frozenset({"valid", "ready"})
BAD = frozenset({"invalid", "errored", "expired"})
MAX_DIGITS = 10
MAX_NAMED = 3
"""How many names of an Order are named."""


def judge_request(request: cert_manager.CertificateRequest, snapshot: Snapshot) -> Judgement:
    """Denied, invalid and failed are failed; pending is under way."""
    if gone := conditions.terminating(request, snapshot.taken_at):
        return gone
    if _replaced(request, snapshot):
        return HEALTHY
    orders = issuance.owned([request], cert_manager.Order, snapshot)
    issuer = request.spec.issuer_ref.scoped_ref("Issuer", request.namespace)
    follows = (*(order.ref for order in orders), issuer)
    for type_ in ("Denied", "InvalidRequest"):
        if refused := conditions.is_true(request.status.conditions, type_):
            return conditions.judgement(refused, Verdict.FAILED, follows=follows)
    ready = conditions.condition(request.status.conditions, "Ready")
    if ready and ready.status == "False" and ready.reason == "Pending":
        late = _is_late(ready.last_transition_time, snapshot)
        missing = issuance.without_issuer(
            request.spec.issuer_ref, request.namespace, ready.message, snapshot
        )
        if late and missing:
            since = ready.last_transition_time
            return Judgement(Verdict.FAILED, issuance.NO_ISSUER, missing, since, follows=follows)
        return conditions.progressing_by(ready, "Pending", snapshot.taken_at, follows=follows)
    return conditions.by_ready_alone(request, ready, snapshot.taken_at, follows=follows)


def judge_acme(resource: AcmeObject, snapshot: Snapshot) -> Judgement:
    """By its deletion, then by its state; an Order follows its Challenges.

    A Challenge's reason comes from the ACME server or the solver.
    """
    if gone := conditions.terminating(resource, snapshot.taken_at):
        return gone
    status, since = resource.status, resource.metadata.creation_timestamp
    if status.state in GOOD or _over(resource, snapshot):
        return HEALTHY
    kind, reason = resource.kind_name().lower(), status.state.capitalize()
    message = status.reason or f"The {kind} is {status.state}."
    challenges = issuance.owned([resource], cert_manager.Challenge, snapshot)
    follows = tuple(challenge.ref for challenge in challenges)
    if status.state in BAD:
        return Judgement(
            verdict=Verdict.FAILED,
            reason=reason,
            message=message,
            since=status.failure_time or since,
            follows=follows,
        )
    if isinstance(resource, cert_manager.Order) and (
        unsolved := _without_solver(resource, snapshot)
        or _without_challenge(resource, challenges, snapshot)
    ):
        return unsolved
    if not status.state:
        reason, message = "NoStatus", status.reason or "Its controller has not reported a status."
    return conditions.progressing(reason, message, since, snapshot.taken_at, follows=follows)


def _without_solver(order: cert_manager.Order, snapshot: Snapshot) -> Judgement | None:
    """Pending, and cert-manager said in an event that no solver of the issuer fits."""
    said = event_reasons.latest(order.ref, "Solver", snapshot)
    if order.status.state != "pending" or said is None:
        return None
    since = order.metadata.creation_timestamp
    follows = (order.spec.issuer_ref.scoped_ref("Issuer", order.namespace),)
    return Judgement(Verdict.FAILED, "NoSolver", said.message, since, follows=follows)


def _without_challenge(
    order: cert_manager.Order, challenges: Sequence[cert_manager.Challenge], snapshot: Snapshot
) -> Judgement | None:
    """Pending for long, and nothing is asked of anybody: cert-manager never fails such an Order."""
    since = order.metadata.creation_timestamp
    readable = snapshot.sees(cert_manager.Challenge, order.namespace)
    if order.status.state != "pending" or challenges or not readable:
        return None
    if not _is_late(since, snapshot):
        return None
    issuer = order.spec.issuer_ref
    names = ", ".join((order.spec.dns_names or ())[:MAX_NAMED])
    message = (
        f"It is pending{f' for {names}' if names else ''}, but has no Challenge: "
        f"perhaps no solver of {issuer.kind or 'Issuer'} {issuer.name} matches"
    )
    follows = (issuer.scoped_ref("Issuer", order.namespace),)
    return Judgement(Verdict.FAILED, "NoChallenge", message, since, follows=follows)


def _is_late(since: datetime | None, snapshot: Snapshot) -> bool:
    return since is not None and snapshot.taken_at - since > conditions.PATIENCE


def _replaced(request: cert_manager.CertificateRequest, snapshot: Snapshot) -> bool:
    name = issuance.certificate_of(request)
    others = issuance.requests_for(name, request.namespace, snapshot) if name else []
    return any(_order(other) > _order(request) for other in others)


def _order(request: cert_manager.CertificateRequest) -> tuple[int, str]:
    revision = (request.metadata.annotations or {}).get("cert-manager.io/certificate-revision", "")
    number = int(revision) if revision.isdecimal() and len(revision) < MAX_DIGITS else 0
    return number, str(request.metadata.creation_timestamp or "")


def _over(resource: AcmeObject, snapshot: Snapshot) -> bool:
    """Whether it belongs to a request that is done or was replaced."""
    for owner in resource.metadata.owner_references or ():
        if owner.kind == "Order":
            order = snapshot.get(cert_manager.Order, resource.namespace, owner.name)
            return order is not None and (order.status.state in GOOD or _over(order, snapshot))
        if owner.kind == "CertificateRequest":
            request = snapshot.get(cert_manager.CertificateRequest, resource.namespace, owner.name)
            done = request and conditions.is_true(request.status.conditions, "Ready")
            return bool(done or (request and _replaced(request, snapshot)))
    return False


CHECK = Check(
    name="certificate-requests",
    scope="certificates",
    title="CertificateRequests, Orders and Challenges that fail.",
    judges={
        cert_manager.CertificateRequest: judge_request,
        cert_manager.Order: judge_acme,
        cert_manager.Challenge: judge_acme,
    },
    documented_as="kubectl get certificaterequests,orders,challenges -A",
    advice=(
        "Check its DNS record and port 80: the Challenge's reason says what the ACME server "
        "could not reach."
    ),
    refers_to=(cert_manager.Issuer, cert_manager.ClusterIssuer),
    known_as=known_names.certificate,
)
