"""What was asked about leads a row; its cause stands beneath."""

from bot.domain.finding import Finding, Ref
from bot.domain.report import Report
from bot.domain.verdict import Verdict
from bot.health.lead import lead
from tests.golden.reports import NOW


def _finding(check: str, subject: Ref, **rest: object) -> Finding:
    fields = {"verdict": Verdict.FAILED, "reason": "Any", "message": "", **rest}
    return Finding(check=check, subject=subject, **fields)  # type: ignore[arg-type]


POD = _finding("pods", Ref("Pod", "apps", "web-1"))
SERVICE = _finding("endpoints", Ref("Service", "apps", "web"), cause=POD.key)


def test_of_endpoints_the_service_leads() -> None:
    report = Report(taken_at=NOW, findings=(POD, SERVICE), scopes=("endpoints",))
    assert lead(POD, report) == SERVICE


def test_of_everything_the_cause_leads() -> None:
    report = Report(taken_at=NOW, findings=(POD, SERVICE), scopes=("pods", "endpoints"))
    assert lead(POD, report) == POD


def test_a_certificate_leads_its_challenge() -> None:
    certificate = Ref("Certificate", "apps", "site")
    challenge = _finding(
        "certificate-requests", Ref("Challenge", "apps", "site-1-2"), known_as=certificate
    )
    effect = _finding("certificates", certificate, cause=challenge.key)
    report = Report(taken_at=NOW, findings=(challenge, effect), scopes=("certificates",))
    assert lead(challenge, report) == effect
