"""Traefik's word where it only warns, where there are two Traefiks, or where a log has bounds."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pytest
from msgspec import structs

from bot.domain.finding import Ref
from bot.domain.refusal import NotObserved
from bot.domain.snapshot import Why
from bot.domain.verdict import Verdict
from bot.routing.instance import TraefikPod, config_of, static_config
from bot.routing.traefik_word import FailedRequests, TraefikWord
from bot.traefik.domain import router_names, runtime_view
from bot.traefik.domain.answers import API
from bot.traefik.domain.api import Router, Runtime, decode_rawdata
from bot.traefik.domain.log_request import LogEnd, LogRequest
from bot.traefik.domain.routes import read_routes
from bot.traefik.domain.routes_view import routes
from bot.traefik.word import WordReader
from tests.builders import Plain
from tests.net.networks import MOMENT, a_route, a_rule, a_snapshot
from tests.traefik.test_word import SITE, Cluster, Saying, judged, word
from tests.traefik.world import AGAIN, EDGE, POD, ROUTER, a_runtime, refused, world

SECOND = Ref("IngressRoute", "apps", "second")
TLS = "found different TLS options for routers on the same host, so using the default TLS options"
CLASS = "kubernetes.io/ingress.class"
INNER = replace(
    EDGE, name="inner-1", args=(*EDGE.args, "--providers.kubernetescrd.ingressclass=inner")
)


@dataclass
class Edges:
    """Several Traefiks, each with its API and log; `hangs` is an API that does not answer."""

    runtimes: Mapping[str, Runtime]
    pods_there: tuple[TraefikPod, ...] = (EDGE, INNER)
    logs: Mapping[str, str] = field(default_factory=dict)
    hangs: bool = False
    log_ends: bool = True
    asked: list[LogRequest] = field(default_factory=list)

    async def pods(self) -> tuple[TraefikPod, ...]:
        return self.pods_there

    async def runtime(self, pod: TraefikPod) -> Runtime | NotObserved:
        if self.hangs:
            await asyncio.sleep(60)
        return self.runtimes.get(pod.name, NotObserved("Its API is off."))

    async def log(
        self, pod: TraefikPod, request: LogRequest, on_chunk: Callable[[bytes], None]
    ) -> LogEnd:
        """As an API server: of the last lines the first bytes."""
        self.asked.append(request)
        lines = self.logs.get(pod.name, "").splitlines(keepends=True)[-request.lines :]
        whole = "".join(lines).encode()
        taken = whole[: request.limit_bytes]
        on_chunk(taken)
        if not self.log_ends:
            await asyncio.sleep(60)
        many = len(lines) >= request.lines or len(whole) > len(taken)
        return LogEnd(len(taken), "traefik-1: not everything was read." if many else "")


def a_second(ingress_class: str = "") -> Plain:
    made = a_route(a_rule(host="b.example"), name="second")
    if ingress_class:
        made["metadata"]["annotations"] = {CLASS: ingress_class}
    return made


def serving(*names: str) -> Runtime:
    """A Traefik with these routers of `a.example` and `b.example`."""
    hosts = {"site": "Host(`a.example`)", "second": "Host(`b.example`)"}
    made = [
        Router(router_names.of_route("apps", name, hosts[name]), hosts[name], name)
        for name in names
    ]
    return Runtime(tuple(made))


async def said_by(edges: Edges, *more: Plain, patience: float = 3.0) -> TraefikWord:
    return await WordReader(Cluster([*world(), *more]), edges, patience=patience).read()


def with_status(status: str, *errors: str) -> Runtime:
    """The site's router as the API writes it."""
    runtime = a_runtime(POD, errors=errors)
    return structs.replace(
        runtime, routers=tuple(structs.replace(each, status=status) for each in runtime.routers)
    )


def requests(said: TraefikWord) -> int:
    """How many of the site failed."""
    return sum(one.count for one in said.failed[SITE])


def shown(runtime: Runtime) -> Verdict:
    """What `/traefik routes` says of the site."""
    snapshot = a_snapshot(*world())
    described = read_routes(snapshot, (config_of(EDGE),))
    views = {EDGE.name: runtime_view.by_api(runtime)}
    answer = routes(described, snapshot, (EDGE,), views, source=API, unseen=())
    return next(route.verdict for route in answer.routes if route.ref == SITE)


async def test_a_router_with_a_warning_works_and_its_route_is_degraded_in_every_view() -> None:
    """Traefik serves it, with the default options."""
    runtime = with_status("warning", TLS)
    found = judged(await word(Saying(runtime_view=runtime)))
    assert (found.verdict, found.reason) == (Verdict.DEGRADED, "WarnedByTraefik")
    assert TLS in found.message
    assert shown(runtime) is Verdict.DEGRADED


@pytest.mark.parametrize(
    ("status", "errors"), [("disabled", ("no such service",)), ("", ("odd",)), ("disabled", ())]
)
async def test_a_router_that_is_disabled_or_has_an_error_and_no_status_is_refused(
    status: str, errors: tuple[str, ...]
) -> None:
    """Also where Traefik does not say why."""
    runtime = with_status(status, *errors)
    found = judged(await word(Saying(runtime_view=runtime)))
    assert (found.verdict, found.reason) == (Verdict.FAILED, "RefusedByTraefik")
    assert shown(runtime) is Verdict.FAILED


async def test_an_enabled_router_is_not_remarked_on() -> None:
    runtime = with_status("enabled")
    assert judged(await word(Saying(runtime_view=runtime))).verdict is Verdict.HEALTHY
    assert shown(runtime) is Verdict.HEALTHY


def test_the_status_of_a_router_is_read_from_the_api() -> None:
    raw = {"routers": {ROUTER: {"rule": "Host(`a`)", "status": "warning", "error": [TLS]}}}
    (router,) = decode_rawdata(json.dumps(raw).encode()).routers
    assert (router.errors, router.refused) == ((TLS,), False)


def test_requests_that_fail_now_are_told_before_a_warning_and_old_ones_after_it() -> None:
    """The worse of both is the verdict."""
    warned = {SITE: (TLS,)}
    now = TraefikWord(failed={SITE: (FailedRequests(2, "502", MOMENT),)}, warned=warned)
    old = MOMENT.replace(hour=11)
    before = TraefikWord(failed={SITE: (FailedRequests(2, "502", old),)}, warned=warned)
    assert judged(now).reason == "RequestsFail"
    assert judged(before).reason == "WarnedByTraefik"


@pytest.mark.parametrize("pods", [(EDGE, INNER), (INNER, EDGE)])
async def test_each_of_two_traefiks_is_asked_for_the_routes_of_its_own_class(
    pods: tuple[TraefikPod, ...],
) -> None:
    """In whatever order their pods are listed."""
    sound = Edges({EDGE.name: serving("site"), INNER.name: serving("second")}, pods)
    assert (await said_by(sound, a_second("inner"))).refused == {}
    third = a_route(a_rule(host="c.example"), name="third")
    third["metadata"]["annotations"] = {CLASS: "inner"}
    assert set((await said_by(sound, a_second("inner"), third)).refused) == {
        Ref("IngressRoute", "apps", "third")
    }


async def test_a_router_that_one_replica_has_is_not_missing() -> None:
    """The other one has just started."""
    both = (EDGE, AGAIN)
    one = Edges({EDGE.name: serving("site", "second"), AGAIN.name: serving("site")}, both)
    assert (await said_by(one, a_second())).refused == {}
    none = Edges({EDGE.name: serving("site"), AGAIN.name: serving("site")}, both)
    assert set((await said_by(none, a_second())).refused) == {SECOND}


async def test_a_router_that_a_newer_version_has_is_not_missing_from_the_elder() -> None:
    """While Traefik is being updated."""
    newer = replace(EDGE, name="traefik-3", image="traefik:3.7.1")
    edges = Edges(
        {EDGE.name: serving("site"), newer.name: serving("site", "second")}, (EDGE, newer)
    )
    assert (await said_by(edges, a_second())).refused == {}


@pytest.mark.parametrize(
    "argument",
    [
        "--providers.kubernetescrd.namespaces=edge,web",
        "--providers.kubernetesCRD.namespaces[0]=edge",
        "--providers.kubernetescrd.labelselector=edge=outer",
        "--providers.kubernetescrd.namespaces=$(NAMESPACE)",
    ],
)
async def test_a_traefik_that_reads_only_a_part_misses_no_router(argument: str) -> None:
    """The route is none of its own, or may be none."""
    pod = replace(EDGE, args=(*EDGE.args, argument))
    edges = Edges({pod.name: serving("site")}, (pod,))
    assert (await said_by(edges, a_second())).refused == {}


def test_an_argument_without_namespaces_narrows_nothing() -> None:
    empty = static_config((*EDGE.args, "--providers.kubernetescrd.namespaces="))
    assert empty == static_config(EDGE.args)


async def test_a_log_that_is_too_long_keeps_its_newest_lines() -> None:
    """A first answer loses the end of the log, so fewer lines are asked for."""
    long = ("x" * 2_000 + "\n") * 3_000
    edges = Edges({}, (EDGE,), {EDGE.name: long + refused() * 3})
    said = await said_by(edges)
    assert requests(said) == 3
    (gap,) = said.gaps
    assert gap.why is Why.OLDER
    assert gap.detail == "traefik-1: not everything was read. `/traefik logs` reads more of it."


async def test_a_log_whose_newest_lines_were_not_read_is_a_gap() -> None:
    """Nobody knows what stands in them."""
    long = ("x" * 20_000 + "\n") * 300
    (gap,) = (await said_by(Edges({}, (EDGE,), {EDGE.name: long}))).gaps
    assert gap.why is Why.IN_PART


async def test_an_api_that_hangs_takes_nothing_from_the_log() -> None:
    """And is named."""
    edges = Edges({}, (EDGE,), {EDGE.name: refused() * 2}, hangs=True)
    said = await said_by(edges, patience=0.2)
    assert requests(said) == 2
    (gap,) = said.gaps
    assert "API did not answer" in gap.detail


async def test_a_log_that_does_not_end_takes_nothing_from_the_api() -> None:
    """What came of it counts, too."""
    logs = {EDGE.name: refused()}
    edges = Edges({EDGE.name: serving("site")}, (EDGE,), logs, log_ends=False)
    said = await said_by(edges, a_second(), patience=0.2)
    assert set(said.refused) == {SECOND}
    assert requests(said) == 1
    (gap,) = said.gaps
    assert (gap.why, "log did not end" in gap.detail) == (Why.IN_PART, True)


async def test_a_request_in_both_logs_counts_once() -> None:
    """The access log names its router, and the log its address alone."""
    access = {
        "DownstreamStatus": 502,
        "OriginStatus": 0,
        "RequestMethod": "GET",
        "RouterName": ROUTER,
        "ServiceURL": POD,
        "level": "info",
        "msg": "",
        "time": "2026-11-23T11:30:00Z",
    }
    edges = Edges({}, (EDGE,), {EDGE.name: (refused() + json.dumps(access) + "\n") * 4})
    said = await said_by(edges)
    assert requests(said) == 4
    assert [one.what.split(" at ")[0] for one in said.failed[SITE]] == [
        "502 connection refused",
        "502",
    ]
