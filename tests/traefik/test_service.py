"""What stands behind `/traefik`, over a fake cluster and a fake Traefik."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.finding import Ref
from bot.domain.snapshot import Gap, Snapshot, Why
from bot.domain.verdict import Verdict
from bot.errors import ClusterError, InputError
from bot.net import route_resolution as resolving
from bot.net.diagnosis.observation import Upstream
from bot.net.diagnosis.subject import Subject
from bot.net.probing.protocol import Outcome
from bot.traefik.domain.log_events import Cause
from bot.traefik.service import Traefik, since_of
from tests.fakes import FakeCluster, FakeTraefik, snapshot_of
from tests.net.test_route_resolution import an_ingress
from tests.traefik.world import (
    AGAIN,
    EDGE,
    INGRESS_ROUTER,
    POD,
    STALE,
    VIP,
    a_runtime,
    created,
    refused,
    world,
)
from tests.turns import SOME, counted_turns


def a_traefik(*replicas, **rest) -> tuple[Traefik, FakeTraefik, FakeCluster]:
    cluster = FakeCluster(objects=world(), traefik=FakeTraefik(replicas or (EDGE,), **rest))
    return Traefik(cluster, cluster.traefik), cluster.traefik, cluster


async def test_the_api_goes_before_the_log() -> None:
    """What it serves now is told with the pod, the Service and the node of each server."""
    traefik, source, _ = a_traefik(
        runtimes={"traefik-1": a_runtime(POD)}, logs={"traefik-1": created(VIP).encode()}
    )
    answer = await traefik.routes()
    assert (answer.verdict, answer.of, answer.unseen) == (Verdict.HEALTHY, "API", ())
    route = next(each for each in answer.routes if each.ref.kind == "IngressRoute")
    (live,) = route.rules[0].live or ()
    assert (live.url, live.address.pod, live.address.node) == (
        POD,
        Ref("Pod", "apps", "web-1"),
        "home-1",
    )
    assert source.asked == []


async def test_without_the_api_the_log_tells_and_the_answer_says_how_to_enable_it() -> None:
    traefik, _, _ = a_traefik(logs={"traefik-1": created(POD).encode()})
    answer = await traefik.routes()
    assert answer.of == "log"
    assert "not switched on. Switch it on." in answer.unseen[0]
    live = [bool(each.rules[0].live) for each in answer.routes]
    assert sorted(live) == [False, True]


async def test_where_neither_can_be_seen_the_objects_are_told_all_the_same() -> None:
    """The default of k3s: no API, and a log that names no server."""
    traefik, _, _ = a_traefik(logs={"traefik-1": b"2026-11-23T11:00:00Z INF Traefik version 3.6\n"})
    answer = await traefik.routes()
    assert (answer.of, answer.verdict) == ("", Verdict.HEALTHY)
    assert any("--log.level=DEBUG" in each for each in answer.unseen)
    assert all(rule.live is None for each in answer.routes for rule in each.rules)
    assert answer.routes[0].backends[0].servers == (POD,)


async def test_a_server_that_is_in_no_slice_is_a_problem_of_its_route() -> None:
    """A lost watch: the one fault that a VIP mends for good."""
    traefik, _, _ = a_traefik(EDGE, AGAIN, runtimes={"traefik-1": a_runtime(POD, STALE)})
    answer = await traefik.routes()
    route = next(each for each in answer.routes if each.ref.kind == "IngressRoute")
    assert (route.verdict, answer.verdict) == (Verdict.DEGRADED, Verdict.DEGRADED)
    assert route.problems == (
        f"Traefik (kube-system/traefik-1) sends to {STALE}, which is in no EndpointSlice now.",
    )


async def test_what_traefik_itself_says_of_a_router_is_told() -> None:
    traefik, _, _ = a_traefik(runtimes={"traefik-1": a_runtime(errors=("no such middleware",))})
    answer = await traefik.routes()
    route = next(each for each in answer.routes if each.ref.kind == "IngressRoute")
    assert "Traefik says: no such middleware" in route.problems


async def test_without_traefik_nothing_is_called_healthy() -> None:
    traefik, source, cluster = a_traefik()
    source.replicas = ()
    assert (await traefik.routes()).verdict is Verdict.UNKNOWN
    source.fails = ClusterError("pods is forbidden")
    answer = await traefik.routes()
    assert (answer.verdict, answer.unseen) == (
        Verdict.UNKNOWN,
        ("Traefik's pods: pods is forbidden",),
    )
    source.fails, source.replicas = None, (EDGE,)
    cluster.gaps = (Gap("Service", Why.FORBIDDEN, "may not list services"),)
    assert (await traefik.routes()).verdict is Verdict.UNKNOWN


async def test_two_lines_about_one_request_count_once() -> None:
    """The proxy tells the cause, and the access log the same request."""
    accessed = f'1.1.1.1 - - [x] "GET / HTTP/1.1" 502 1 "-" "-" 1 "r@kubernetescrd" "{POD}" 1ms\n'
    late = accessed.replace(" 502 ", " 504 ")
    tripped = (
        f'time="2026-11-23T11:30:00Z" level=debug msg="Round trip: {POD}, code: 502, Length: 11"\n'
    )
    for lines, requests in (
        (refused() + accessed, 1),
        (refused() + tripped + accessed + accessed, 2),
        (refused() + refused(at="11:40:00") + accessed, 2),
        (refused() + late, 2),
    ):
        traefik, _, _ = a_traefik(logs={"traefik-1": lines.encode()})
        assert (await traefik.logs()).failed == requests


async def test_failures_are_told_by_route_from_all_replicas() -> None:
    """The line itself names an address only: its slice leads to the routes that use it."""
    lines = created(POD) + created(POD, router=INGRESS_ROUTER) + refused() + refused(at="11:40:00")
    traefik, source, _ = a_traefik(
        EDGE, AGAIN, logs={"traefik-1": lines.encode(), "traefik-2": refused().encode()}
    )
    answer = await traefik.logs()
    (group,) = answer.failures
    assert group.routes == ("ingress/apps/site", "ingressroute/apps/site")
    (failure,) = group.failures
    assert (failure.cause, failure.status, failure.count) == (Cause.REFUSED, 502, 3)
    assert failure.replicas == (EDGE.id, AGAIN.id)
    assert failure.address.pod == Ref("Pod", "apps", "web-1")
    assert (answer.verdict, answer.failed) == (Verdict.FAILED, 3)
    assert {each.seconds for each in source.asked} == {3600}


async def test_one_routes_log_leaves_the_others_out() -> None:
    lines = created(POD, router=INGRESS_ROUTER) + refused("10.0.0.1:80") + refused()
    traefik, _, _ = a_traefik(logs={"traefik-1": lines.encode()})
    answer = await traefik.logs("ingress/apps/site", timedelta(minutes=5))
    assert [each.count for each in answer.failures] == [1]
    assert [each.route for each in answer.servers] == ["ingress/apps/site"]
    whole = await traefik.logs()
    assert [each.routes for each in whole.failures][-1] == (
        "ingress/apps/site",
        "ingressroute/apps/site",
    )


async def test_a_quiet_log_of_a_low_level_proves_nothing() -> None:
    info = replace(EDGE, args=("--providers.kubernetescrd", "--log.level=INFO"))
    traefik, _, _ = a_traefik(info, logs={"traefik-1": b"2026-11-23T11:00:00Z INF x\n"})
    answer = await traefik.logs()
    assert (answer.verdict, answer.shows_failures) == (Verdict.UNKNOWN, False)
    assert "--log.level=DEBUG" in answer.unseen[-1]


async def test_a_quiet_log_at_debug_is_good_news() -> None:
    traefik, _, _ = a_traefik(logs={"traefik-1": created(POD).encode()})
    assert (await traefik.logs()).verdict is Verdict.HEALTHY


async def test_a_log_with_an_error_that_nobody_knows_is_not_called_healthy() -> None:
    line = '2026-11-23T11:00:00Z ERR Something new error="no idea"\n'
    traefik, _, _ = a_traefik(logs={"traefik-1": created(POD).encode() + line.encode()})
    assert (await traefik.logs()).verdict is Verdict.UNKNOWN


async def test_a_log_that_may_not_be_read_is_named_and_the_others_are_told() -> None:
    traefik, _, _ = a_traefik(
        EDGE,
        AGAIN,
        logs={"traefik-1": ClusterError("pods/log is forbidden"), "traefik-2": b""},
    )
    answer = await traefik.logs()
    assert answer.unseen == ("The log of kube-system/traefik-1: pods/log is forbidden",)
    assert answer.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("asked", ["ingressroute/apps/site", "Host(`a.example`)"])
async def test_a_route_is_found_by_its_label_and_its_rule(asked: str) -> None:
    traefik, _, _ = a_traefik()
    route, _ = await traefik.describe(asked)
    assert route.ref == Ref("IngressRoute", "apps", "site")


async def test_a_name_that_means_several_or_none_is_answered_with_what_there_is() -> None:
    traefik, _, _ = a_traefik()
    with pytest.raises(InputError, match="2 routes: ingress/apps/site, ingressroute/apps/site"):
        await traefik.describe("apps/site")
    for nobody in ("nobody", " "):
        with pytest.raises(InputError, match="No route is called"):
            await traefik.describe(nobody)


async def test_routes_are_suggested_by_any_word_of_them() -> None:
    traefik, _, _ = a_traefik()
    assert await traefik.suggestions("", 1) == ("ingress/apps/site",)
    assert await traefik.suggestions("a.exa ingressroute", 25) == ("ingressroute/apps/site",)
    assert await traefik.suggestions("nobody", 25) == ()


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), (" 2 H", 7200), ("1d", 86400)]
)
def test_a_time_is_read(text: str, seconds: int) -> None:
    assert since_of(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "soon", "-5m", "5", "1.5h", "99999999d"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not a duration"):
        since_of(text)


@pytest.mark.parametrize("since", [timedelta(0), timedelta(days=-1), timedelta(days=31)])
async def test_a_time_that_nobody_means_is_refused(since: timedelta) -> None:
    traefik, _, _ = a_traefik()
    with pytest.raises(InputError, match="between 1 second and 30 days"):
        await traefik.logs(None, since)


def the_subject(asked: str = "ingressroute/apps/site") -> Subject:
    found = resolving.resolve(snapshot_of(*world()), asked)
    assert isinstance(found, Subject), found
    return found


async def test_a_diagnosis_is_told_what_traefik_believes_and_what_failed() -> None:
    """Also at an address that only Traefik knows: the pod that is gone."""
    lines = refused() + refused("10.42.1.99:8080") + refused("10.9.9.9:80")
    traefik, _, _ = a_traefik(
        runtimes={"traefik-1": a_runtime(POD, STALE)}, logs={"traefik-1": lines.encode()}
    )
    found = await traefik.belief(the_subject())
    assert (found.of, found.version) == ("API", "3.6.2")
    assert found.servers == (("10.42.1.7", 8080), ("10.42.1.99", 8080))
    assert [(each.address, each.count, each.outcome) for each in found.failures] == [
        ("10.42.1.7", 1, Outcome.REFUSED),
        ("10.42.1.99", 1, Outcome.REFUSED),
    ]
    assert isinstance(found.failures[0], Upstream)


async def test_a_log_that_does_not_name_the_route_leaves_its_servers_unknown() -> None:
    traefik, _, _ = a_traefik(logs={"traefik-1": created(POD, router=INGRESS_ROUTER).encode()})
    assert (await traefik.belief(the_subject())).servers is None
    assert (await traefik.belief(the_subject("ingress/apps/site"))).servers == (
        ("10.42.1.7", 8080),
    )


async def test_without_any_traefik_a_diagnosis_is_told_why() -> None:
    traefik, source, _ = a_traefik()
    source.replicas = ()
    with pytest.raises(ClusterError, match="No running Traefik pod was found"):
        await traefik.belief(the_subject())


class Prepared:
    """A cluster whose snapshot is there already."""

    def __init__(self, *objects: dict[str, Any]) -> None:
        self.kept = snapshot_of(*objects)

    async def snapshot(self, types: object, namespace: str | None = None) -> Snapshot:
        return self.kept


async def test_many_paths_do_not_block_the_event_loop() -> None:
    """A namespace may have a hundred thousand, and an acknowledgement must be sent meanwhile."""
    heavy = an_ingress()
    (rule,) = heavy["spec"]["rules"]
    rule["http"]["paths"] *= 900
    many = [
        {**heavy, "metadata": {"name": f"i{number}", "namespace": "apps"}} for number in range(8)
    ]
    traefik = Traefik(Prepared(*many), FakeTraefik())
    async with counted_turns() as turns:
        answer = await traefik.routes()
    assert len(answer.routes) == len(many)
    assert turns.count > SOME
