"""What is kept of a report over a restart, and what never is."""

from datetime import UTC, datetime

from bot.domain.record import read, written
from bot.domain.report import Report, examine
from bot.domain.snapshot import Gap, Why
from bot.health.checks import CHECKS
from bot.health.report_store import LONGEST, REPORT, Remembered, recalled, remembered
from tests.builders import a_pod
from tests.fakes import snapshot_of

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
LINE = "panic: a line of the log, as the kubelet's FallbackToLogsOnError puts it into the status"


def a_report(count: int = 1, *, message: str = "") -> Report:
    pods = [a_pod(f"web-{number}", waiting="CrashLoopBackOff") for number in range(count)]
    for pod in pods:
        status = pod["status"]["containerStatuses"][0]
        status["state"]["waiting"]["message"] = message or "back-off"
        status["lastState"] = {"terminated": {"exitCode": 1, "message": LINE}}
    gap = Gap("Node", Why.STALE, "the watch is silent", NOW)
    return examine(snapshot_of(*pods, now=NOW, gaps=(gap,)), CHECKS)


def again(report: Report) -> Report:
    text = written(REPORT, remembered(report))
    assert isinstance(text, str)
    kept = read(REPORT, text)
    assert isinstance(kept, Remembered)
    return recalled(kept)


def test_number_verdict_codes_and_chains_are_the_same():
    """So buttons and codes of before a restart mean the same."""
    report = a_report(3)
    found = again(report)
    assert (found.number, found.verdict, found.gaps) == (report.number, report.verdict, report.gaps)
    assert [each.code for each in found.findings] == [each.code for each in report.findings]
    assert [each.cause for each in found.findings] == [each.cause for each in report.findings]
    assert (found.counts, found.scopes) == (report.counts, report.scopes)


def test_no_line_of_a_log_is_kept():
    """A termination message may be the end of the log; a container's name is enough to find it."""
    report = a_report()
    assert LINE in str(report.findings[0].evidence)
    text = written(REPORT, remembered(report))
    assert isinstance(text, str)
    assert "panic" not in text
    assert [each.label for each in again(report).findings[0].evidence] == ["container"]


def test_no_line_of_a_log_is_kept_of_an_init_container_between_two_tries():
    """Its end is told in the message, without what it said last."""
    pod = a_pod()
    ended = {"terminated": {"exitCode": 1, "reason": "Error", "message": LINE}}
    pod["status"] |= {
        "phase": "Pending",
        "conditions": [{"type": "Ready", "status": "False"}],
        "initContainerStatuses": [{"name": "init", "state": ended}],
    }
    report = examine(snapshot_of(pod, now=NOW), CHECKS)
    assert report.findings[0].message.startswith("Container init ended: Error, exit code 1")
    assert "panic" not in str(written(REPORT, remembered(report)))


def test_secrets_are_taken_out_before_anything_is_cut():
    """A cut token is no less a token, and hides from who looks for whole ones."""
    token = "ghp_" + "a1B2" * 9
    message = "x" * (LONGEST - 20) + f" {token}"
    text = written(REPORT, remembered(a_report(message=message)))
    assert isinstance(text, str)
    assert "ghp_a1B2" not in text


def test_of_too_many_findings_the_mildest_are_dropped():
    """It stays far below what a ConfigMap takes, and says how many there were."""
    report = a_report(1500, message="long " * 100)
    text = written(REPORT, remembered(report))
    assert isinstance(text, str)
    assert len(text.encode()) <= REPORT.most
    kept = read(REPORT, text)
    assert isinstance(kept, Remembered)
    assert 0 < len(kept.findings) < 1500
    assert len(kept.findings) + kept.dropped == len(report.findings)
    worst = report.findings[: len(kept.findings)]
    assert [each.code for each in kept.findings] == [each.code for each in worst]
