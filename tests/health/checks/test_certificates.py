"""Certificates: expiry, issuance and renewal."""

from typing import Any

import pytest

from bot.domain.finding import Judgement, Ref
from bot.domain.report import examine
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS, certificates
from tests.builders import Plain
from tests.health.checks.conditioned import ACME, CERT_MANAGER, a_thing, owned_by, said
from tests.net.networks import a_snapshot, ago, judged

READY = said("Ready", reason="Ready")
ISSUER = {"issuerRef": {"kind": "ClusterIssuer", "name": "letsencrypt"}}
LETSENCRYPT = a_thing("ClusterIssuer", "letsencrypt", CERT_MANAGER, said("Ready"), namespace="")


def certificate(*conditions: Plain, **status: Any) -> Plain:
    times = {"notAfter": ago(days=-50), "renewalTime": ago(days=-20)}
    spec = {"secretName": "site-tls", **ISSUER}
    return a_thing("Certificate", "site", CERT_MANAGER, *conditions, spec=spec, **times | status)


def verdict(*conditions: Plain, **status: Any) -> Judgement:
    return judged(certificates.judge, certificate(*conditions, **status), LETSENCRYPT)


def test_a_valid_certificate_is_healthy() -> None:
    """Ready, not expired, and not due."""
    assert verdict(READY).verdict is Verdict.HEALTHY


def test_an_expired_one_is_failed_although_ready_says_true() -> None:
    """Time is harder evidence than a condition that nobody renewed."""
    found = verdict(READY, notAfter=ago(minutes=1))
    assert (found.verdict, found.reason) == (Verdict.FAILED, "Expired")


def test_a_renewal_is_late_an_hour_after_it_was_due() -> None:
    """Within that hour cert-manager may be at it."""
    due = [verdict(READY, renewalTime=ago(minutes=minutes)).verdict for minutes in (50, 70)]
    assert due == [Verdict.HEALTHY, Verdict.DEGRADED]


def test_a_failed_renewal_is_degraded_while_the_old_one_serves() -> None:
    """With how often it failed."""
    found = verdict(READY, failedIssuanceAttempts=2, lastFailureTime=ago(hours=3))
    assert (found.verdict, found.reason) == (Verdict.DEGRADED, "RenewalFailed")
    assert "failed 2 times" in found.message


def test_a_first_issuance_is_under_way_for_an_hour() -> None:
    """ACME takes its time, but not that long."""
    unready = said("Ready", "False", reason="DoesNotExist")
    verdicts = [
        verdict(unready, said("Issuing", minutes=minutes), notAfter=None, renewalTime=None).verdict
        for minutes in (30, 90)
    ]
    assert verdicts == [Verdict.PROGRESSING, Verdict.DEGRADED]


def test_one_that_is_not_ready_and_not_being_issued_is_failed() -> None:
    """Nobody works on it."""
    assert verdict(said("Ready", "False", reason="Expired")).verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("minutes", "expected"), [(5, Verdict.PROGRESSING), (90, Verdict.DEGRADED)]
)
def test_a_renewal_under_way_is_said_while_the_old_one_serves(
    minutes: int, expected: Verdict
) -> None:
    """Progressing at first, degraded once it takes long."""
    renewing = said("Issuing", reason="Renewing", minutes=minutes)
    found = verdict(READY, renewing)
    assert (found.verdict, found.reason) == (expected, "Renewing")


def test_an_elder_cert_manager_that_waits_for_its_request_is_under_way() -> None:
    """Before it kept a condition Issuing, Ready=False said so by its reason."""
    waiting = said("Ready", "False", reason="InProgress", message="Waiting for CertificateRequest")
    assert verdict(waiting).verdict is Verdict.PROGRESSING


def test_a_first_issuance_that_failed_says_why() -> None:
    """Ready only says that there is no Secret; the last attempt tells the reason."""
    absent = said("Ready", "False", reason="DoesNotExist", message="No Secret.")
    failed = said("Issuing", "False", reason="Failed", message="The order is invalid.")
    found = verdict(absent, failed, lastFailureTime=ago(minutes=2), failedIssuanceAttempts=1)
    assert (found.verdict, found.reason) == (Verdict.FAILED, "DoesNotExist")
    assert found.message == "No Secret. The order is invalid."


def test_everything_follows_from_the_challenge_that_failed() -> None:
    """Certificate, CertificateRequest and Order are downstream of one Challenge, or its Issuer."""
    failed = said("Ready", "False", reason="Failed", minutes=120)
    request = a_thing(
        "CertificateRequest",
        "site-1",
        CERT_MANAGER,
        failed,
        meta={
            **owned_by("Certificate", "site"),
            "annotations": {"cert-manager.io/certificate-name": "site"},
        },
        spec=ISSUER,
    )
    order = a_thing(
        "Order", "site-1-2", ACME, meta=owned_by("CertificateRequest", "site-1"), state="invalid"
    )
    challenge = a_thing(
        "Challenge",
        "site-1-2-3",
        ACME,
        meta=owned_by("Order", "site-1-2"),
        state="invalid",
        reason="Timeout during connect",
    )
    cluster = a_snapshot(certificate(failed), request, order, challenge)
    report = examine(cluster, [each for each in CHECKS if each.scope == "certificates"])
    (root,) = report.roots
    assert root.subject == Ref("Challenge", "apps", "site-1-2-3")
    assert root.message == "Timeout during connect"
    assert {each.subject.kind for each in report.downstream[root.key]} == {
        "Certificate",
        "CertificateRequest",
        "Order",
    }


def sharing(name: str, *conditions: Plain, written_to: str = "shared", **rest: Any) -> Plain:
    spec = {"secretName": written_to, **ISSUER}
    times = {"notAfter": ago(days=-50), "renewalTime": ago(days=-20)}
    return a_thing("Certificate", name, CERT_MANAGER, *conditions, spec=spec, **times, **rest)


def test_certificates_on_one_secret_are_degraded_and_name_each_other() -> None:
    """Also while each of them is Ready: the next renewal begins the fight."""
    found = judged(certificates.judge, sharing("a", READY), sharing("b", READY), LETSENCRYPT)
    assert (found.verdict, found.reason) == (Verdict.DEGRADED, "SecretShared")
    assert 'Certificate b has the same secretName, "shared".' in found.message


def test_three_certificates_on_one_secret_are_one_root_cause() -> None:
    """One of them was replaced and is issued anew, which is only half of the truth."""
    replaced = said("Ready", "False", reason="IncorrectCertificate", message="issued for a")
    plain = (
        sharing("a", READY),
        sharing("b", said("Issuing", reason="DifferentIssuer"), replaced),
        sharing("c", replaced),
    )
    report = examine(a_snapshot(*plain, LETSENCRYPT), [certificates.CHECK])
    assert [finding.verdict for finding in report.findings] == [
        Verdict.DEGRADED,
        Verdict.FAILED,
        Verdict.DEGRADED,
    ]
    assert [root.subject.name for root in report.roots] == ["a"]


def test_a_secret_of_the_same_name_elsewhere_is_another_one() -> None:
    """Nor does a Certificate count that is being deleted, to make way for its successor."""
    elsewhere = sharing("b", READY)
    elsewhere["metadata"]["namespace"] = "web"
    leaving = sharing("c", READY, meta={"deletionTimestamp": ago(minutes=1)})
    found = judged(certificates.judge, sharing("a", READY), elsewhere, leaving)
    assert found.verdict is Verdict.HEALTHY


def test_files_that_leave_the_namespace_open_do_not_collide() -> None:
    """Each is put into a namespace of its own by the tool that applies it."""
    plain = [sharing(name, READY) for name in ("a", "b")]
    for each in plain:
        each["metadata"].pop("namespace")
    assert judged(certificates.judge, *plain, live=False).verdict is Verdict.HEALTHY


def test_certificates_without_a_secret_name_share_nothing() -> None:
    """They are written wrongly, which the API server refuses."""
    found = judged(
        certificates.judge, sharing("a", READY, written_to=""), sharing("b", written_to="")
    )
    assert found.verdict is Verdict.HEALTHY


UNREADY = said("Ready", "False", reason="DoesNotExist", minutes=90)


def test_a_certificate_whose_issuer_is_missing_is_failed_and_says_so() -> None:
    """Where Issuers were read, also before any request of it was; cert-manager waits for ever."""
    found = judged(certificates.judge, certificate(UNREADY, said("Issuing", minutes=90)))
    assert (found.verdict, found.reason) == (Verdict.FAILED, "IssuerNotFound")
    assert "ClusterIssuer letsencrypt does not exist" in found.message
    fresh = said("Ready", "False", reason="DoesNotExist", minutes=3)
    young = certificate(fresh, said("Issuing", minutes=3))
    assert judged(certificates.judge, young).verdict is Verdict.PROGRESSING


def test_a_file_without_the_issuer_proves_nothing_until_a_request_says_so() -> None:
    """An absence in a file is no evidence, cert-manager's own words are."""
    alone = certificate(UNREADY, said("Issuing", minutes=90))
    assert judged(certificates.judge, alone, live=False).verdict is Verdict.DEGRADED
    words = 'Referenced "ClusterIssuer" not found: clusterissuer.cert-manager.io "letsencrypt"'
    request = a_thing(
        "CertificateRequest",
        "site-1",
        CERT_MANAGER,
        said("Ready", "False", reason="Pending", message=words, minutes=90),
        meta={"annotations": {"cert-manager.io/certificate-name": "site"}},
        spec=ISSUER,
    )
    found = judged(certificates.judge, alone, request, live=False)
    assert (found.verdict, found.reason) == (Verdict.FAILED, "IssuerNotFound")


def test_a_missing_issuer_is_only_added_to_what_is_wrong_with_one_that_serves() -> None:
    """It is healthy until its renewal fails."""
    assert judged(certificates.judge, certificate(READY)).verdict is Verdict.HEALTHY
    late = judged(certificates.judge, certificate(READY, renewalTime=ago(hours=3)))
    assert (late.verdict, late.reason) == (Verdict.DEGRADED, "RenewalLate")
    assert "ClusterIssuer letsencrypt does not exist" in late.message
