"""A Service without pods because somebody wants none: it and its routes say the same."""

from typing import Any

import pytest

from bot.domain.finding import Judgement, Ref
from bot.domain.report import examine
from bot.domain.resources import apps
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS, routes_ingressroute, routes_ingressroutetcp
from bot.health.next_steps.steps import next_step
from bot.health.offline import judge
from bot.routing.traefik_word import FailedRequests, TraefikWord
from tests.builders import Plain, a_pod, an_object
from tests.net.networks import (
    MOMENT,
    TRAEFIK,
    WEB,
    a_path,
    a_route,
    a_rule,
    a_service,
    a_slice,
    a_snapshot,
    an_ingress,
    judged,
    labelled,
)

ROUTE = Ref("IngressRoute", "apps", "site")
SERVICE = Ref("Service", "apps", "idle")
AVAILABLE = {"type": "Available", "status": "True"}
TO_IDLE = {"name": "idle", "port": 80}
TO_WEB = {"name": "web", "port": 80}


def a_workload(kind: str = "Deployment", replicas: int = 0, name: str = "idle") -> Plain:
    """One whose pods the Service `idle` selects."""
    spec = {"replicas": replicas, "template": {"metadata": {"labels": {"app": "idle"}}}}
    workload = an_object(kind, name, "apps/v1", spec=spec)
    counts = {"desiredNumberScheduled": replicas, "observedGeneration": 1, "replicas": replicas}
    return {**workload, "status": {**counts, "conditions": [AVAILABLE]}}


def a_traefik(*arguments: str) -> Plain:
    pod = a_pod("traefik", namespace="traefik")
    pod["spec"]["containers"][0]["args"] = ["--providers.kubernetescrd", *arguments]
    return labelled(pod, **{"app.kubernetes.io/name": "traefik"})


IDLE = (a_service("idle"), a_slice("idle"))
STREAM = {"routes": [{"match": "HostSNI(`*`)", "services": [TO_IDLE]}]}
INDIRECT = (
    an_object("TraefikService", "outer", TRAEFIK, spec={"weighted": {"services": [
        {"kind": "TraefikService", "name": "inner"}]}}),
    an_object("TraefikService", "inner", TRAEFIK, spec={"weighted": {"services": [TO_IDLE]}}),
)  # fmt: skip

LEADING = {
    "IngressRoute": (a_route(a_rule(TO_IDLE)),),
    "Ingress": (an_ingress(a_path("idle")),),
    "IngressRouteTCP": (an_object("IngressRouteTCP", "site", TRAEFIK, spec=STREAM),),
    "IngressRouteUDP": (an_object("IngressRouteUDP", "site", TRAEFIK, spec=STREAM),),
    "TraefikService": (a_route(a_rule({"kind": "TraefikService", "name": "outer"})), *INDIRECT),
}


@pytest.mark.parametrize("by", LEADING)
@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_a_route_to_what_is_scaled_to_zero_is_suspended_like_its_service(
    kind: str, by: str
) -> None:
    """Every finding has one level, and the Service, which names the workload, is their root."""
    report = examine(a_snapshot(*LEADING[by], *IDLE, a_workload(kind)), CHECKS)
    assert {finding.verdict for finding in report.findings} == {Verdict.SUSPENDED}
    assert [root.subject for root in report.roots] == [SERVICE]
    assert {finding.reason for finding in report.findings} == {"ScaledToZero"}
    assert all(f"{kind} apps/idle" in finding.message for finding in report.findings)
    assert all("replicas" in next_step(finding).text for finding in report.findings)


@pytest.mark.parametrize(
    "others",
    [
        (a_workload(replicas=1),),
        (a_workload(), a_workload("StatefulSet", 1)),
        (a_workload(), labelled(a_pod("idle-1", waiting="CrashLoopBackOff"), app="idle")),
        (),
    ],
)
def test_a_service_that_somebody_wants_pods_of_has_failed_and_so_have_its_routes(
    others: tuple[Plain, ...],
) -> None:
    """Wanted and not made, wanted of another workload, left running, or of no known workload."""
    report = examine(a_snapshot(*LEADING["IngressRoute"], *IDLE, *others), CHECKS)
    verdicts = {finding.subject.kind: finding.verdict for finding in report.findings}
    assert verdicts["Service"] is verdicts["IngressRoute"] is Verdict.FAILED


def test_where_workloads_are_not_read_nothing_tells_that_somebody_wants_it_so() -> None:
    """What was not seen excuses nothing."""
    unseen = (apps.Deployment, apps.StatefulSet, apps.DaemonSet)
    found = verdict(a_rule(TO_IDLE), others=(), unseen=unseen)
    assert (found.verdict, found.reason) == (Verdict.FAILED, "NoReadyEndpoints")


def verdict(*rules: Plain, others: tuple[Plain, ...] = (a_workload(),), **rest: Any) -> Judgement:
    """What is said of an IngressRoute with these rules."""
    return judged(routes_ingressroute.judge, a_route(*rules), *IDLE, *WEB, *others, **rest)


def test_a_rule_with_another_service_that_answers_goes_on_in_part() -> None:
    """Unless Traefik drops the whole rule for the empty one."""
    both = a_rule(TO_IDLE, TO_WEB)
    assert verdict(both).verdict is Verdict.DEGRADED
    keeps = a_traefik("--providers.kubernetescrd.allowEmptyServices=true")
    assert verdict(both, others=(a_workload(), keeps)).verdict is Verdict.DEGRADED
    assert verdict(both, others=(a_workload(), a_traefik())).verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ([TO_IDLE, TO_WEB], Verdict.DEGRADED),
        ([TO_IDLE, {"name": "gone", "port": 80}], Verdict.FAILED),
        ([TO_IDLE, TO_IDLE], Verdict.SUSPENDED),
    ],
)
def test_of_several_services_of_a_stream_one_at_zero_is_a_part(
    services: list[Plain], expected: Verdict
) -> None:
    """As in a rule of an IngressRoute."""
    rule = {"match": "HostSNI(`*`)", "services": services}
    route = an_object("IngressRouteTCP", "site", TRAEFIK, spec={"routes": [rule]})
    found = judged(routes_ingressroutetcp.judge, route, *IDLE, *WEB, a_workload())
    assert found.verdict is expected


@pytest.mark.parametrize("wanted", [(), (a_workload(),)])
def test_a_service_of_weight_0_needs_nothing_that_answers(wanted: tuple[Plain, ...]) -> None:
    """So tools for canaries leave it. Another one that answers at weight 0 is no help either."""
    others = (*wanted, a_traefik("--providers.kubernetescrd.allowEmptyServices=true"))
    idle, web = {**TO_IDLE, "weight": 0}, {**TO_WEB, "weight": 0}
    canary = an_object(
        "TraefikService", "canary", TRAEFIK, spec={"weighted": {"services": [idle, TO_WEB]}}
    )
    indirect = a_rule({"kind": "TraefikService", "name": "canary"})
    assert verdict(a_rule(idle, TO_WEB), others=others).verdict is Verdict.HEALTHY
    assert verdict(indirect, others=(*others, canary)).verdict is Verdict.HEALTHY
    assert verdict(a_rule(TO_IDLE, web), others=others).verdict.rank > Verdict.HEALTHY.rank
    assert verdict(a_rule(idle), others=others).verdict.rank > Verdict.HEALTHY.rank
    assert verdict(a_rule({**idle, "port": 81}, TO_WEB), others=others).reason == "PortNotFound"
    drops = verdict(a_rule(idle, TO_WEB), others=(*wanted, a_traefik()))
    assert drops.verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (a_rule(host="b.example"), Verdict.SUSPENDED),
        (a_rule({"name": "gone", "port": 80}, host="b.example"), Verdict.FAILED),
    ],
)
def test_one_rule_at_zero_does_not_hide_another(other: Plain, expected: Verdict) -> None:
    """Where the other has failed, nothing of the route works."""
    assert verdict(a_rule(TO_IDLE), other).verdict is expected


def test_a_mirror_at_zero_is_no_fault() -> None:
    """Answers do not come from it."""
    spec = {"mirroring": {**TO_WEB, "mirrors": [{**TO_IDLE, "percent": 10}]}}
    mirrored = an_object("TraefikService", "copy", TRAEFIK, spec=spec)
    to_mirrored = a_rule({"kind": "TraefikService", "name": "copy"})
    assert verdict(to_mirrored, others=(a_workload(), mirrored)).verdict is Verdict.HEALTHY


def test_requests_that_fail_follow_from_it_unless_another_rule_answers() -> None:
    """503 is what one gets of a route that somebody switched off."""
    word = TraefikWord(failed={ROUTE: (FailedRequests(7, "503 not told", MOMENT),)})
    supplements: dict[type, object] = {TraefikWord: word}
    alone = verdict(a_rule(TO_IDLE), supplements=supplements)
    assert (alone.verdict, alone.reason) == (Verdict.SUSPENDED, "ScaledToZero")
    beside = verdict(a_rule(TO_IDLE), a_rule(host="b.example"), supplements=supplements)
    assert (beside.verdict, beside.reason) == (Verdict.DEGRADED, "RequestsFail")


def test_of_one_at_zero_in_a_file_nothing_is_known_without_its_slice() -> None:
    """With the slice, a file says what a cluster says."""
    route = a_route(a_rule(TO_IDLE))
    assert [told.verdict for told in judge([route, IDLE[0], a_workload()])][:2] == [
        Verdict.HEALTHY,
        Verdict.HEALTHY,
    ]
    told = judge([route, *IDLE, a_workload()])
    assert [one.verdict for one in told][:2] == [Verdict.SUSPENDED, Verdict.SUSPENDED]
