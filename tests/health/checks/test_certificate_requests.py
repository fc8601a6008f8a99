"""CertificateRequests, Orders and Challenges, and those that are history."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.event_reasons import EventReasons, Told
from bot.domain.finding import Judgement, Ref
from bot.domain.resources import cert_manager
from bot.domain.verdict import Verdict
from bot.health.checks import certificate_requests as check
from tests.builders import Plain
from tests.health.checks.conditioned import ACME, CERT_MANAGER, a_thing, owned_by, said
from tests.net.networks import a_snapshot, ago, judged

ISSUER = a_thing("Issuer", "acme", CERT_MANAGER, said("Ready"))
FAILED = said("Ready", "False", reason="Failed")


def a_request(name: str, *conditions: Plain, revision: int = 1) -> Plain:
    annotations = {
        "cert-manager.io/certificate-name": "site",
        "cert-manager.io/certificate-revision": str(revision),
    }
    spec = {"issuerRef": {"kind": "Issuer", "name": "acme"}}
    return a_thing(
        "CertificateRequest",
        name,
        CERT_MANAGER,
        *conditions,
        meta={"annotations": annotations},
        spec=spec,
    )


def an_order(state: str, **rest: Any) -> Plain:
    meta = owned_by("CertificateRequest", "site-1") | rest.pop("meta", {})
    return a_thing("Order", "site-1-2", ACME, meta=meta, state=state, **rest)


CHALLENGE = a_thing("Challenge", "site-1-2-3", ACME, meta=owned_by("Order", "site-1-2"))


def order(plain: Plain, *others: Plain) -> Judgement:
    return judged(check.judge_acme, plain, *others)


def test_an_issued_request_is_healthy() -> None:
    """Ready=True."""
    said_so = a_request("site-1", said("Ready", reason="Issued"))
    assert judged(check.judge_request, said_so).verdict is Verdict.HEALTHY


@pytest.mark.parametrize("type_", ["Denied", "InvalidRequest"])
def test_a_denied_or_invalid_request_is_failed(type_: str) -> None:
    """Whatever Ready says beside it."""
    pending = said("Ready", "False", reason="Pending")
    found = judged(check.judge_request, a_request("site-1", pending, said(type_, reason="Policy")))
    assert (found.verdict, found.reason) == (Verdict.FAILED, "Policy")


def test_a_pending_request_is_under_way_and_names_its_issuer() -> None:
    """Ten minutes, then degraded; the issuer may be why."""
    pending = [said("Ready", "False", reason="Pending", minutes=each) for each in (5, 15)]
    found = [judged(check.judge_request, a_request("site-1", each), ISSUER) for each in pending]
    assert [each.verdict for each in found] == [Verdict.PROGRESSING, Verdict.DEGRADED]
    assert Ref("Issuer", "apps", "acme") in found[1].follows


def test_a_failed_request_with_a_later_one_is_history() -> None:
    """By revision, not by name."""
    later = a_request("site-a", said("Ready"), revision=2)
    found = judged(check.judge_request, a_request("site-b", FAILED, revision=1), later)
    assert found.verdict is Verdict.HEALTHY
    assert judged(check.judge_request, a_request("site-b", FAILED)).verdict is Verdict.FAILED


@pytest.mark.parametrize("state", ["invalid", "errored", "expired"])
def test_an_order_ends_badly(state: str) -> None:
    """In the words of the ACME server."""
    found = order(an_order(state, reason="urn:ietf:params:acme:error:dns"))
    assert (found.verdict, found.reason) == (Verdict.FAILED, state.capitalize())
    assert found.message == "urn:ietf:params:acme:error:dns"


@pytest.mark.parametrize("state", ["valid", "ready"])
def test_an_order_ends_well(state: str) -> None:
    """The words of RFC 8555."""
    assert order(an_order(state)).verdict is Verdict.HEALTHY


def test_a_pending_order_is_under_way_since_it_was_made() -> None:
    """Ten minutes, then degraded."""
    made = [{"creationTimestamp": ago(minutes=minutes)} for minutes in (5, 15)]
    verdicts = [order(an_order("pending", meta=each), CHALLENGE).verdict for each in made]
    assert verdicts == [Verdict.PROGRESSING, Verdict.DEGRADED]


def test_a_bad_order_of_an_issued_request_is_history() -> None:
    """A second order of the same request went well."""
    assert order(an_order("invalid"), a_request("site-1", said("Ready"))).verdict is Verdict.HEALTHY
    assert order(an_order("invalid"), a_request("site-1", FAILED)).verdict is Verdict.FAILED


def pending(words: str = "", minutes: float = 15, **issuer: str) -> Plain:
    plain = a_request(
        "site-1", said("Ready", "False", reason="Pending", message=words, minutes=minutes)
    )
    plain["spec"]["issuerRef"] |= issuer
    return plain


def test_a_request_whose_issuer_is_missing_fails_after_its_grace() -> None:
    """cert-manager leaves it pending for ever; a ClusterIssuer may be meant."""
    found = judged(check.judge_request, pending())
    assert (found.verdict, found.reason) == (Verdict.FAILED, "IssuerNotFound")
    assert found.message.startswith("Issuer apps/acme does not exist")
    young = judged(check.judge_request, pending(minutes=5))
    assert young.verdict is Verdict.PROGRESSING
    twin = a_thing("ClusterIssuer", "acme", CERT_MANAGER, said("Ready"), namespace="")
    assert "kind: ClusterIssuer" in judged(check.judge_request, pending(), twin).message


def test_a_saved_request_says_itself_that_its_issuer_is_missing() -> None:
    """What the file lacks is no evidence."""
    words = 'Referenced "Issuer" not found: issuer.cert-manager.io "acme" not found'
    found = judged(check.judge_request, pending(words), live=False)
    assert (found.verdict, found.reason) == (Verdict.FAILED, "IssuerNotFound")
    silent = judged(check.judge_request, pending(), live=False)
    assert silent.verdict is Verdict.DEGRADED


@pytest.mark.parametrize("issuer", [{"group": "cas.example.org"}, {"kind": "AWSPCAIssuer"}])
def test_an_issuer_of_another_group_is_not_called_missing(issuer: dict[str, str]) -> None:
    """Its objects are not read."""
    assert judged(check.judge_request, pending(**issuer)).verdict is Verdict.DEGRADED


def test_a_pending_order_without_a_challenge_is_failed_after_its_grace() -> None:
    """No solver fits: cert-manager asks nobody for anything, and never fails the Order."""
    plain = an_order("pending", meta={"creationTimestamp": ago(minutes=15)})
    plain["spec"] = {
        "dnsNames": ["site.example.org"],
        "issuerRef": {"kind": "Issuer", "name": "acme"},
    }
    found = order(plain)
    assert (found.verdict, found.reason) == (Verdict.FAILED, "NoChallenge")
    assert "site.example.org" in found.message
    assert "Issuer acme" in found.message
    unread = judged(check.judge_acme, plain, unseen=(cert_manager.Challenge,))
    assert unread.verdict is Verdict.DEGRADED


def test_an_order_of_which_cert_manager_says_that_no_solver_fits_is_failed_in_files_too() -> None:
    """Its event is evidence by itself; cert-manager leaves such an Order pending for ever."""
    plain = an_order("pending", meta={"creationTimestamp": ago(minutes=1)})
    said = "no configured challenge solvers can be used for this challenge"
    ref = Ref("Order", plain["metadata"]["namespace"], plain["metadata"]["name"])
    events = EventReasons({ref: (Told("Solver", said),)})
    snapshot = replace(a_snapshot(plain), supplements={EventReasons: events})
    found = check.judge_acme(snapshot.of(cert_manager.Order)[0], snapshot)
    assert (found.verdict, found.reason, found.message) == (Verdict.FAILED, "NoSolver", said)


def test_an_order_alone_in_a_file_proves_no_missing_challenge() -> None:
    """Of saved files, an absence is no evidence."""
    plain = an_order("pending", meta={"creationTimestamp": ago(minutes=15)})
    assert judged(check.judge_acme, plain, live=False).verdict is Verdict.DEGRADED
