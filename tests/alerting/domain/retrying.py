"""Objects that fail and try again, as their controllers show them, judged by the checks."""

from collections.abc import Callable
from datetime import datetime

from bot.domain.report import Report, examine
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS
from tests.builders import Plain, a_certificate, a_kustomization, a_pod
from tests.fakes import snapshot_of
from tests.health.checks.conditioned import HELM, a_thing


def a_kustomization_that_waits(since: datetime, verdict: Verdict) -> Plain:
    plain = a_kustomization()
    ready = {"type": "Ready", "lastTransitionTime": since.isoformat()}
    if verdict is Verdict.PROGRESSING:
        ready |= {"status": "Unknown", "reason": "Progressing", "message": "Running checks"}
    elif verdict is Verdict.DEGRADED:
        ready |= {"status": "False", "reason": "HealthCheckFailed", "message": "timed out"}
    else:
        ready |= {"status": "True", "reason": "ReconciliationSucceeded"}
    plain["status"]["conditions"] = [ready]
    return plain


def a_release_that_retries(since: datetime, verdict: Verdict) -> Plain:
    moment = {"lastTransitionTime": since.isoformat()}
    if verdict is Verdict.HEALTHY:
        ready = {"type": "Ready", "status": "True", "reason": "UpgradeSucceeded"}
        return a_thing("HelmRelease", "web", HELM, ready)
    status, reason = (
        ("Unknown", "Progressing") if verdict is Verdict.PROGRESSING else ("False", "UpgradeFailed")
    )
    return a_thing(
        "HelmRelease", "web", HELM, {"type": "Ready", "status": status, "reason": reason} | moment
    )


def a_certificate_that_is_issued_anew(since: datetime, verdict: Verdict) -> Plain:
    """Between two attempts nothing is issuing, and the first failure is not counted yet."""
    plain = a_certificate(
        ready="True" if verdict is Verdict.HEALTHY else "False", reason="DoesNotExist"
    )
    if verdict is Verdict.PROGRESSING:
        plain["status"]["conditions"].append(
            {"type": "Issuing", "status": "True", "lastTransitionTime": since.isoformat()}
        )
    return plain


def a_pod_that_starts_and_crashes(since: datetime, verdict: Verdict) -> Plain:
    plain = a_pod(
        waiting="" if verdict in (Verdict.HEALTHY, Verdict.PROGRESSING) else "CrashLoopBackOff"
    )
    if verdict is Verdict.PROGRESSING:
        (ready,) = plain["status"]["conditions"]
        ready |= {"status": "False", "lastTransitionTime": since.isoformat()}
        plain["status"]["containerStatuses"][0]["ready"] = False
    return plain


KINDS = (
    a_kustomization_that_waits,
    a_release_that_retries,
    a_certificate_that_is_issued_anew,
    a_pod_that_starts_and_crashes,
)


def in_cluster(
    made: Callable[[datetime, Verdict], Plain],
) -> Callable[..., Report]:
    """Reports of the checks themselves: the object renews its times with every try."""
    shown: list[tuple[datetime, Verdict]] = []

    def report(at: datetime, verdict: Verdict) -> Report:
        if not shown or shown[-1][1] is not verdict:
            shown.append((at, verdict))
        plain = made(shown[-1][0], verdict)
        return examine(snapshot_of(plain, now=at), CHECKS)

    return report
