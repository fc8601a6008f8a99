"""CertificateRequests, Orders and Challenges: what stands between a Certificate and its issuer.

Source: cert-manager.io/v1 and acme.cert-manager.io/v1. A request that a newer one of the same
Certificate has replaced is history, and no finding.
"""

from __future__ import annotations

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Judgement, Ref
from bot.domain.resources import cert_manager
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health import cert_manager as issuance

GOOD = frozenset({"valid", "ready"})
BAD = frozenset({"invalid", "errored", "expired"})


def judge_request(request: cert_manager.CertificateRequest, snapshot: Snapshot) -> Judgement:
    """Denied, invalid and failed are failed; pending is under way."""
    if _replaced(request, snapshot):
        return HEALTHY
    kept = request.status.conditions
    orders = issuance.refs(issuance.owned(request, cert_manager.Order, snapshot))
    follows = (*orders, issuance.issuer(request.spec.issuer_ref, request.namespace))
    for type_ in ("Denied", "InvalidRequest"):
        if found := conditions.is_true(kept, type_):
            return conditions.judged(found, Verdict.FAILED, follows=follows)
    ready = conditions.condition(kept, "Ready")
    if ready and ready.status == "False" and ready.reason == "Pending":
        return conditions.progressing(
            "Pending",
            ready.message,
            ready.last_transition_time,
            snapshot.taken_at,
            follows=follows,
        )
    return conditions.by_ready_alone(request.metadata, ready, snapshot.taken_at, follows=follows)


def judge_order(order: cert_manager.Order, snapshot: Snapshot) -> Judgement:
    """By its state; an order follows its challenges."""
    challenges = issuance.owned(order, cert_manager.Challenge, snapshot)
    return _by_state(order, snapshot, issuance.refs(challenges))


def judge_challenge(challenge: cert_manager.Challenge, snapshot: Snapshot) -> Judgement:
    """By its state; its reason is what the ACME server or the solver said."""
    return _by_state(challenge, snapshot, ())


def _by_state(
    each: cert_manager.Order | cert_manager.Challenge, snapshot: Snapshot, follows: tuple[Ref, ...]
) -> Judgement:
    status, owner = each.status, _owner(each)
    if status.state in GOOD or (owner and _over(each, owner, snapshot)):
        return HEALTHY
    if status.state in BAD:
        return Judgement(
            verdict=Verdict.FAILED,
            reason=status.state.capitalize(),
            message=status.reason or f"The {type(each).__name__.lower()} is {status.state}.",
            since=status.failure_time or each.metadata.creation_timestamp,
            follows=follows,
        )
    return conditions.progressing(
        status.state.capitalize() or "NoStatus",
        status.reason or _awaited(each),
        each.metadata.creation_timestamp,
        snapshot.taken_at,
        follows=follows,
    )


def _awaited(each: cert_manager.Order | cert_manager.Challenge) -> str:
    kind, state = type(each).__name__.lower(), each.status.state
    return f"The {kind} is {state}." if state else "Its controller has not reported a status."


def _replaced(request: cert_manager.CertificateRequest, snapshot: Snapshot) -> bool:
    name = issuance.certificate_of(request)
    others = issuance.requests_for(name, request.namespace, snapshot) if name else []
    return any(_order(other) > _order(request) for other in others)


def _order(request: cert_manager.CertificateRequest) -> tuple[int, str]:
    revision = (request.metadata.annotations or {}).get("cert-manager.io/certificate-revision", "")
    number = int(revision) if revision.isdecimal() and len(revision) < MAX_DIGITS else 0
    return number, str(request.metadata.creation_timestamp or "")


MAX_DIGITS = 10


def _over(
    each: cert_manager.Order | cert_manager.Challenge, owner: tuple[str, str], snapshot: Snapshot
) -> bool:
    """Whether it belongs to a request that is history or done."""
    kind, name = owner
    if kind == "Order":
        order = snapshot.get(cert_manager.Order, each.namespace, name)
        above = _owner(order) if order else None
        if order is None:
            return False
        return order.status.state in GOOD or bool(above and _over(order, above, snapshot))
    request = snapshot.get(cert_manager.CertificateRequest, each.namespace, name)
    if request is None:
        return False
    done = conditions.is_true(request.status.conditions, "Ready")
    return bool(done) or _replaced(request, snapshot)


def _owner(each: Object) -> tuple[str, str] | None:
    owners = each.metadata.owner_references or ()
    return next(
        ((o.kind, o.name) for o in owners if o.kind in ("Order", "CertificateRequest")), None
    )


CHECK = Check(
    name="certificate-requests",
    scope="certificates",
    title="CertificateRequests, Orders and Challenges that fail.",
    judges={
        cert_manager.CertificateRequest: judge_request,
        cert_manager.Order: judge_order,
        cert_manager.Challenge: judge_challenge,
    },
    documented_as="kubectl get certificaterequests,orders,challenges -A",
    advice="The challenge's reason says what the ACME server could not reach.",
    refers_to=(cert_manager.Issuer, cert_manager.ClusterIssuer),
)
