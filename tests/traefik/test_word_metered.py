"""What Traefik's metrics tell of a route's requests: answered, failed, and neither."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.finding import Ref
from bot.domain.verdict import Verdict
from bot.errors import Forbidden, Unreachable
from bot.health import observed
from bot.routing.traefik_word import (
    RECENT,
    WORKS_AGAIN,
    TraefikWord,
    judgement,
    standing_failures,
)
from bot.traefik.domain.metered import Tally
from bot.traefik.domain.router_names import DEFAULT_SERVICE, of_route
from bot.traefik.request_meter import PAUSE
from tests.builders import Plain, an_object
from tests.gateways import a_class, a_gateway, a_http_rule, an_http_route
from tests.net.networks import TRAEFIK, a_path, a_route, a_rule, a_service, an_ingress
from tests.traefik.metering import (
    INGRESS_SERVICE,
    PLAIN,
    RULE,
    Counting,
    Minutes,
    just_after,
)
from tests.traefik.test_word import INGRESS, SITE
from tests.traefik.world import AGAIN, EDGE, INGRESS_ROUTER, POD, ROUTER, refused, world

OTHER = Ref("IngressRoute", "apps", "other")
CANARY = "canary"


def failures(word: TraefikWord, route: Ref = SITE) -> dict[str, int]:
    return {one.what: one.count for one in word.failed.get(route, ())}


async def counted(*codes: tuple[int, int], of: str = ROUTER, **world: Any) -> TraefikWord:
    """The word after a minute in which a service answered so many requests by each code."""
    minutes = Minutes(**world)
    await minutes.word()
    for code, times in codes:
        minutes.counting.count(code, times, of)
    return await minutes.word()


@pytest.mark.parametrize("code", [101, 200, 304, 401, 404])
async def test_a_request_that_a_server_answered_is_as_old_as_it_may_be(code: int) -> None:
    """Whatever the server said: the counter of a service stands behind all Middlewares."""
    minutes = Minutes()
    await minutes.word()
    minutes.counting.count(code)
    before = minutes.now
    said = await minutes.word()
    assert said.metered == {(SITE, RULE): just_after(before)}
    assert (said.answered, said.failed) == ({}, {})


@pytest.mark.parametrize("code", [499, 500, 501, 503, 505])
async def test_what_may_be_either_sides_answer_shows_nothing(code: int) -> None:
    """Traefik itself says 500 and 503, and a client that gave up saw no answer."""
    said = await counted((code, 5))
    assert (said.metered, said.failed) == ({}, {})


@pytest.mark.parametrize(
    ("code", "what"),
    [
        (502, "502 Bad Gateway for 12 of 12 requests"),
        (504, "504 Gateway Timeout for 12 of 12 requests"),
    ],
)
async def test_requests_that_reached_no_server_make_a_finding(code: int, what: str) -> None:
    """It names its source, since nothing more is known of them."""
    minutes = Minutes()
    await minutes.word()
    minutes.counting.count(code, 12)
    said = await minutes.word()
    (requests,) = said.failed[SITE]
    assert (requests.what, requests.count, requests.match) == (what, 12, RULE)
    assert (requests.first, requests.last) == (minutes.now, minutes.now)
    found = observed.worst(SITE, minutes.judged_in(said), None)
    assert (found.verdict, found.reason) == (Verdict.DEGRADED, "RequestsFail")
    assert found.message.startswith("12 requests did not reach a server, by Traefik's metrics")
    assert {item.label for item in found.evidence} == {"last failure", "Traefik's metrics"}


@pytest.mark.parametrize(("failed", "good", "tells"), [(4, 36, True), (3, 37, False), (1, 0, True)])
async def test_a_tenth_of_failures_counts_and_less_does_not(
    failed: int, good: int, *, tells: bool
) -> None:
    """One pod of several is gone, or a single request was unlucky."""
    said = await counted((502, failed), (200, good))
    assert bool(said.failed) is tells
    assert bool(said.metered) is not tells


async def test_both_ways_to_fail_are_told_and_the_more_frequent_first() -> None:
    """With all requests of the run."""
    said = await counted((504, 1), (502, 3), (200, 6))
    assert list(failures(said).items()) == [
        ("502 Bad Gateway for 3 of 10 requests", 3),
        ("504 Gateway Timeout for 1 of 10 requests", 1),
    ]


async def test_a_run_of_failures_began_with_its_first_look() -> None:
    """A minute without a request does not break it."""
    minutes = Minutes()
    await minutes.word()
    minutes.counting.count(502, 2)
    await minutes.word()
    first = minutes.now
    await minutes.word(3)
    minutes.counting.count(502, 3)
    (requests,) = (await minutes.word()).failed[SITE]
    assert (requests.first, requests.last) == (first, minutes.now)
    assert failures(await minutes.word()) == {"502 Bad Gateway for 5 of 5 requests": 5}


async def test_one_good_request_may_have_met_the_other_of_two_servers() -> None:
    """Three end a failure, in one look or in several. Of those before it is said nothing."""
    minutes = Minutes()
    await minutes.word()
    minutes.counting.count(502)
    await minutes.word()
    for _ in range(2):
        minutes.counting.count(200)
        said = await minutes.word()
        assert (said.metered, len(said.failed[SITE])) == ({}, 1)
        assert standing_failures(SITE, minutes.judged_in(said))
    before = minutes.now
    minutes.counting.count(200)
    assert (await minutes.word()).metered == {(SITE, RULE): just_after(before)}


async def test_a_failure_takes_the_good_requests_before_it_into_its_measure() -> None:
    """Every second request fails: so it is told."""
    minutes = Minutes()
    await minutes.word()
    for code in (502, 200, 502, 200, 502):
        minutes.counting.count(code)
        said = await minutes.word()
    assert failures(said) == {"502 Bad Gateway for 3 of 5 requests": 3}
    assert said.metered == {}


async def test_a_failure_of_some_time_ago_needs_no_three_good_requests() -> None:
    """It shows nothing of now, and one good request does."""
    minutes = Minutes()
    await minutes.word()
    minutes.counting.count(502)
    await minutes.word()
    await minutes.word(RECENT.total_seconds() / 60)
    minutes.counting.count(200)
    assert (await minutes.word()).metered


async def test_good_requests_end_it_and_a_later_failure_is_a_new_one() -> None:
    """The health check says that the route works again: that is a recovery."""
    minutes = Minutes()
    await minutes.word()
    minutes.counting.count(502, 2)
    await minutes.word()
    minutes.counting.count(200, 3)
    snapshot = minutes.judged_in(await minutes.word())
    assert standing_failures(SITE, snapshot) == ()
    assert judgement(SITE, snapshot) is WORKS_AGAIN
    minutes.counting.count(502)
    (requests,) = (await minutes.word()).failed[SITE]
    assert (requests.what, requests.first) == ("502 Bad Gateway for 1 of 1 request", minutes.now)


async def test_good_requests_among_many_failures_end_nothing() -> None:
    """One of two pods does not answer."""
    minutes = Minutes()
    await minutes.word()
    minutes.counting.count(502, 2)
    await minutes.word()
    minutes.counting.count(200, 5)
    minutes.counting.count(502, 5)
    said = await minutes.word()
    assert (said.metered, failures(said)) == ({}, {"502 Bad Gateway for 7 of 12 requests": 7})
    assert standing_failures(SITE, minutes.judged_in(said))


async def test_a_good_request_of_one_rule_ends_nothing_of_another() -> None:
    """Each has a router and a counter of its own."""
    second = "Host(`b.example`)"
    route = a_route(a_rule(), a_rule(host="b.example"))
    plain = [*(one for one in world() if one["kind"] != "IngressRoute"), route]
    minutes = Minutes(plain=plain)
    await minutes.word()
    minutes.counting.count(502, 4)
    minutes.counting.count(200, 4, of_route("apps", "site", second))
    said = await minutes.word()
    assert [one.match for one in said.failed[SITE]] == [RULE]
    assert set(said.metered) == {(SITE, second)}
    assert len(standing_failures(SITE, minutes.judged_in(said))) == 1


async def test_what_failed_at_an_unknown_time_is_not_told() -> None:
    """Nobody looked for a day: it may be over for long. A good one is as old as it may be."""
    minutes = Minutes()
    await minutes.word()
    minutes.counting.count(502, 9)
    assert (await minutes.word(24 * 60)).failed == {}
    minutes.counting.count(200, 9)
    before = minutes.now
    said = await minutes.word(RECENT.total_seconds() / 60 + 1)
    assert said.metered == {(SITE, RULE): just_after(before)}


async def test_the_first_look_shows_what_a_young_traefik_counted() -> None:
    """Since it started: the bot may be younger."""
    young = Minutes().now - timedelta(minutes=10)
    counting = Counting(started=young)
    counting.count(200)
    said = await Minutes(counting).word()
    assert said.metered == {(SITE, RULE): just_after(young)}
    old = Counting()
    old.count(200)
    old.count(502, 9)
    assert await Minutes(old).word(0) == TraefikWord(gaps=(await Minutes().word()).gaps)


async def test_a_restart_is_no_good_request_and_no_failure() -> None:
    """The counters of a new process begin at zero."""
    minutes = Minutes()
    minutes.counting.count(200, 100)
    await minutes.word()
    minutes.counting.counts.clear()
    minutes.counting.started = minutes.now
    assert (await minutes.word()).metered == {}
    minutes.counting.count(200, 1)
    assert (await minutes.word()).metered


async def test_a_replica_that_answers_does_not_hide_one_that_does_not() -> None:
    """Each has counters of its own, and all requests of a rule are looked at together."""
    pods = tuple(replace(pod, args=PLAIN) for pod in (EDGE, AGAIN))
    minutes = Minutes(Counting(pods))
    await minutes.word()
    minutes.counting.count(200, 5)
    minutes.counting.count(502, 5, pod=AGAIN.name)
    said = await minutes.word()
    assert failures(said) == {"502 Bad Gateway for 5 of 10 requests": 5}
    assert said.metered == {}


async def test_an_ingress_is_known_by_its_service_and_port() -> None:
    """There Traefik names a service by what it leads to."""
    assert set((await counted((200, 1), of=INGRESS_SERVICE)).metered) == {(INGRESS, "a.example/")}
    by_name = [*world()[:-1], an_ingress(a_path("web", "http"))]
    by_name[2] = a_service(ports=({"port": 80, "name": "http"},))
    said = await counted((200, 1), of="apps-web-http@kubernetes", plain=by_name)
    assert set(said.metered) == {(INGRESS, "a.example/")}


async def test_a_service_of_two_rules_shows_nothing_of_either() -> None:
    """A request of it may be of one as of the other."""
    twin = an_ingress({**a_path(), "path": "/more"}, a_path())
    plain = [*world()[:-1], twin]
    said = await counted((200, 3), (502, 3), of=INGRESS_SERVICE, plain=plain)
    assert (said.metered, said.failed) == ({}, {})


async def test_the_default_backend_has_a_service_of_its_own() -> None:
    ingress: Plain = an_ingress()
    ingress["spec"] = {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}}
    said = await counted((200, 1), of=DEFAULT_SERVICE, plain=[*world()[:-1], ingress])
    assert set(said.metered) == {(INGRESS, "default backend")}


def with_several(*more: Plain) -> list[Plain]:
    """A rule that shares its requests among two Services."""
    services = ({"name": "web", "port": 80}, {"name": "web", "port": 81, "weight": 2})
    return [*world()[:-2], a_route(a_rule(*services)), *more]


async def test_of_several_services_each_counts_for_their_rule() -> None:
    """A balancer of services counts nothing itself."""
    said = await counted((200, 1), of="apps-web-81@kubernetescrd", plain=with_several())
    assert set(said.metered) == {(SITE, RULE)}
    assert (await counted((200, 1), plain=with_several())).metered == {}


@pytest.mark.parametrize(
    "spec",
    [
        {"weighted": {"services": [{"name": "web", "port": 81}]}},
        {"highestRandomWeight": {"services": [{"name": "web", "port": 81}]}},
        {"mirroring": {"name": "x", "port": 1, "mirrors": [{"name": "web", "port": 81}]}},
    ],
)
async def test_what_a_traefikservice_leads_to_may_have_requests_of_others(spec: Plain) -> None:
    """A mirror's requests are nobody's answers."""
    shared = an_object("TraefikService", CANARY, TRAEFIK, spec=spec)
    said = await counted((200, 1), of="apps-web-81@kubernetescrd", plain=with_several(shared))
    assert said.metered == {}


def with_retry(*specs: Plain, named: tuple[str, ...] = ("again",)) -> list[Plain]:
    """A route with Middlewares, of which these exist."""
    rule = a_rule(middlewares=[{"name": name} for name in named])
    made = [
        an_object("Middleware", name, TRAEFIK, spec=spec)
        for name, spec in zip(named, specs, strict=False)
    ]
    return [*world()[:-2], a_route(rule), *made]


@pytest.mark.parametrize(
    ("specs", "named", "tells"),
    [
        ([{"retry": {"attempts": 3}}], ("again",), False),
        ([{"chain": {"middlewares": [{"name": "b"}]}}, {"retry": {"attempts": 3}}], "ab", False),
        ([], ("nobody",), False),
        ([{"futureKind": {}}], ("new",), False),
        ([{"compress": {}}], ("small",), True),
    ],
)
async def test_a_try_that_was_repeated_is_no_failed_request(
    specs: list[Plain], named: tuple[str, ...], *, tells: bool
) -> None:
    """A service counts each try, and the visitor sees the last: so it is where one was good."""
    plain = with_retry(*specs, named=tuple(named))
    said = await counted((502, 5), (200, 5), plain=plain)
    assert (bool(said.failed), bool(said.metered)) == (tells, not tells)
    assert (await counted((502, 5), plain=plain)).failed


async def test_an_entrypoint_may_repeat_requests_too() -> None:
    """Its Middlewares are before those of every route."""
    args = (*PLAIN, "--entryPoints.web.http.middlewares=apps-again@kubernetescrd")
    counting = Counting((replace(EDGE, args=args),))
    said = await counted((502, 5), (200, 5), counting=counting)
    assert (said.failed, set(said.metered)) == ({}, {(SITE, RULE)})


async def test_a_retry_of_an_ingress_is_known_by_its_annotation() -> None:
    names = {"traefik.ingress.kubernetes.io/router.middlewares": "apps-again@kubernetescrd"}
    again = an_object("Middleware", "again", TRAEFIK, spec={"retry": {"attempts": 2}})
    plain = [*world()[:-1], an_ingress(a_path(), annotations=names), again]
    said = await counted((502, 5), (200, 5), of=INGRESS_SERVICE, plain=plain)
    assert (said.failed, set(said.metered)) == ({}, {(INGRESS, "a.example/")})


@dataclass
class Routed:
    """A minute of requests that are counted by the router of the Ingress, and by its service."""

    router: tuple[tuple[int, int], ...]
    service: tuple[tuple[int, int], ...] = ()
    method: str = "GET"
    name: str = INGRESS_ROUTER

    async def word(self) -> TraefikWord:
        """Its Service is another Ingress's, too."""
        other = an_ingress(a_path())
        other["metadata"]["name"] = "other"
        other["spec"]["rules"][0]["host"] = "b.example"
        minutes = Minutes(plain=[*world(), other])
        await minutes.word()
        for code, times in self.router:
            minutes.counting.count(code, times, router=self.name, method=self.method)
        for code, times in self.service:
            minutes.counting.count(code, times, INGRESS_SERVICE)
        return await minutes.word()


@pytest.mark.parametrize("name", [INGRESS_ROUTER, f"websecure-{INGRESS_ROUTER}"])
async def test_a_router_tells_of_its_rule_where_services_are_shared(name: str) -> None:
    """Where an entrypoint gave it its own name, too."""
    said = await Routed(((200, 3), (401, 2)), ((200, 3),), name=name).word()
    assert set(said.metered) == {(INGRESS, "a.example/")}
    said = await Routed(((502, 3), (200, 3)), ((502, 3), (200, 3)), name=name).word()
    assert failures(said, INGRESS) == {"502 Bad Gateway for 3 of 6 requests": 3}


@pytest.mark.parametrize(
    "seen",
    [
        Routed(((401, 9), (302, 9), (403, 9), (429, 9), (404, 9)), ((200, 1),)),
        Routed(((200, 9),)),
        Routed(((200, 9),), ((502, 9),)),
        Routed(((200, 9),), ((200, 9),), method="OPTIONS"),
    ],
    ids=["logins and redirects", "nothing behind", "a page in place of a 502", "a preflight"],
)
async def test_what_a_middleware_may_have_answered_is_no_answer_of_a_server(seen: Routed) -> None:
    """A router's counter stands before its Middlewares."""
    assert (await seen.word()).metered == {}


async def test_of_a_router_all_requests_are_the_measure_of_failures() -> None:
    """A login that refuses is no failure: one of a hundred is few."""
    assert (await Routed(((401, 99), (502, 1))).word()).failed == {}
    assert (await Routed(((401, 9), (502, 1))).word()).failed


async def test_a_failure_of_which_the_log_tells_is_not_counted_again() -> None:
    """It knows the address, too. Good requests are counted all the same."""
    debug = (*PLAIN, "--log.level=DEBUG")
    counting = Counting((replace(EDGE, args=debug),))
    log = refused(at="11:59:00")
    minutes = Minutes(counting, log=log)
    await minutes.word()
    counting.count(502)
    said = await minutes.word()
    assert [one.source for one in said.failed[SITE]] == ["Traefik's log"]
    assert said.metered == {}
    counting.count(200)
    assert (await minutes.word()).metered


async def test_a_log_that_cannot_be_read_tells_nothing() -> None:
    """Then the metrics do."""
    counting = Counting((replace(EDGE, args=(*PLAIN, "--log.level=DEBUG")),))
    minutes = Minutes(counting)
    minutes.said.error = Forbidden("pods/log")
    await minutes.word()
    counting.count(502)
    assert failures(await minutes.word())


@pytest.mark.parametrize("error", [Forbidden("pods/proxy"), Unreachable("refused")])
async def test_metrics_that_cannot_be_read_are_no_gap_and_are_left_alone_for_a_while(
    error: Exception,
) -> None:
    """They are optional: nothing is unknown for that. Later they may be allowed."""
    without = (await Minutes(Counting((replace(EDGE, args=EDGE.args[:2]),))).word()).gaps
    counting = Counting(error=error)  # type: ignore[arg-type]
    minutes = Minutes(counting)
    assert (await minutes.word()).gaps == without
    await minutes.word()
    assert len(counting.asked) == 1
    counting.error = None
    await minutes.word(PAUSE / 60)
    assert counting.asked == [(EDGE.name, 9100)] * 2


async def test_nothing_is_asked_where_the_arguments_name_no_metrics() -> None:
    counting = Counting((EDGE,))
    await Minutes(counting).word()
    assert counting.asked == []


async def test_metrics_that_hang_take_nothing_from_the_log() -> None:
    """They are asked beside it, for as long as it is."""

    @dataclass
    class Hanging(Counting):
        async def metrics(self, *_: object) -> None:
            await asyncio.sleep(60)

    minutes = Minutes(Hanging(), log=refused(at="11:59:00"))
    minutes.reader.patience = 0.1
    said = await minutes.word()
    assert [one.address for one in said.failed[SITE]] == [POD.removeprefix("http://")]


async def test_what_was_counted_is_forgotten_after_an_hour() -> None:
    """As what a log told."""
    minutes = Minutes()
    await minutes.word()
    minutes.counting.count(200)
    minutes.counting.count(502, 3, INGRESS_SERVICE)
    said = await minutes.word()
    assert (set(said.metered), set(said.failed)) == ({(SITE, RULE)}, {INGRESS})
    later = await minutes.word(61)
    assert (later.metered, later.failed) == ({}, {})


async def test_a_failure_of_which_only_the_log_tells_breaks_a_row_of_good_requests() -> None:
    """Three good requests in a row end what the metrics told."""
    counting = Counting((replace(EDGE, args=(*PLAIN, "--log.level=DEBUG")),))
    minutes = Minutes(counting)
    await minutes.word()
    for code, times, log_read in ((502, 1, False), (200, 2, False), (502, 1, True)):
        minutes.said.error = None if log_read else Forbidden("pods/log")
        counting.count(code, times)
        await minutes.word()
    counting.count(200)
    assert (await minutes.word()).metered == {}


async def test_a_router_knows_how_a_request_ended_that_took_several_tries() -> None:
    """Its service counts them all, and no Middleware needs to be known for that."""
    minutes = Minutes()
    await minutes.word()
    minutes.counting.count(200, 4, router=INGRESS_ROUTER)
    minutes.counting.count(200, 4, INGRESS_SERVICE)
    minutes.counting.count(502, 4, INGRESS_SERVICE)
    said = await minutes.word()
    assert (said.failed, set(said.metered)) == ({}, {(INGRESS, "a.example/")})


async def test_a_traefikservice_is_no_route() -> None:
    """What it alone leads to is nobody's failure."""
    spec = {"weighted": {"services": [{"name": "web", "port": 82}]}}
    lone = an_object("TraefikService", CANARY, TRAEFIK, spec=spec)
    said = await counted((502, 9), of="apps-web-82@kubernetescrd", plain=[*world(), lone])
    assert said.failed == {}


async def test_a_router_before_a_traefikservice_tells_of_its_rule() -> None:
    """Where what that leads to was seen to answer."""
    spec = {"weighted": {"services": [{"name": "web", "port": 81}]}}
    canary = an_object("TraefikService", CANARY, TRAEFIK, spec=spec)
    route = a_route(a_rule({"name": CANARY, "kind": "TraefikService"}))
    for behind, metered in ((200, {(SITE, RULE)}), (502, set())):
        minutes = Minutes(plain=[*world()[:-2], route, canary])
        await minutes.word()
        minutes.counting.count(200, router=ROUTER)
        minutes.counting.count(behind, service="apps-web-81@kubernetescrd")
        assert set((await minutes.word()).metered) == metered


async def test_a_service_of_another_provider_is_shared_with_it() -> None:
    """An IngressRoute may lead to what an Ingress makes."""
    route = a_route(a_rule({"name": INGRESS_SERVICE, "kind": "TraefikService"}))
    plain = [*world()[:-2], world()[-1], route]
    assert (await counted((200, 1), of=INGRESS_SERVICE, plain=plain)).metered == {}
    spec = {"weighted": {"services": [{"name": INGRESS_SERVICE, "kind": "TraefikService"}]}}
    canary = an_object("TraefikService", CANARY, TRAEFIK, spec=spec)
    said = await counted((200, 1), of=INGRESS_SERVICE, plain=[*world(), canary])
    assert said.metered == {}


async def test_what_another_traefik_counts_is_none_of_its_routes() -> None:
    """It reads those of another class."""
    other = ("--providers.kubernetescrd.ingressclass=inner",)
    inner = replace(EDGE, name="inner-1", args=(*PLAIN, *other))
    for pod, metered in ((EDGE.name, {(SITE, RULE)}), ("inner-1", set())):
        minutes = Minutes(Counting((replace(EDGE, args=PLAIN), inner)))
        await minutes.word()
        minutes.counting.count(200, pod=pod)
        assert set((await minutes.word()).metered) == metered


def test_of_several_replicas_the_earliest_look_before_counts() -> None:
    """A request may have been at any time since then."""
    now = Minutes().now
    early, late = (Tally(now - timedelta(minutes=one), now, good=1) for one in (9, 1))
    for tally in (early + late, late + early):
        assert (tally.begin, tally.end, tally.good) == (early.begin, now, 2)


GATEWAY = ("--providers.kubernetesgateway", "--entryPoints.web.address=:8000/tcp")


async def on_a_gateway(*codes: tuple[int, int], route: Plain) -> TraefikWord:
    """The word after a minute in which the Service of an HTTPRoute answered so."""
    counting = Counting((replace(EDGE, args=(*PLAIN, *GATEWAY)),))
    again = an_object("Middleware", "again", TRAEFIK, spec={"retry": {"attempts": 2}})
    plain = [*world()[:-2], a_class(), a_gateway(), again, route]
    return await counted(
        *codes, of="apps-web-http-80@kubernetesgateway", counting=counting, plain=plain
    )


async def test_an_httproute_is_known_by_its_service_too() -> None:
    """One with two hosts is two rules, and nobody knows of which a request was."""
    ref = Ref("HTTPRoute", "apps", "site")
    said = await on_a_gateway((200, 1), route=an_http_route())
    assert {route for route, _ in said.metered} == {ref}
    said = await on_a_gateway((502, 1), route=an_http_route())
    assert failures(said, ref) == {"502 Bad Gateway for 1 of 1 request": 1}
    two = an_http_route(hostnames=("a.example", "b.example"))
    assert (await on_a_gateway((200, 1), (502, 1), route=two)).failed == {}


async def test_a_retry_of_an_httproute_is_a_filter() -> None:
    """Which names a Middleware."""
    extension = {"group": "traefik.io", "kind": "Middleware", "name": "again"}
    again = {"type": "ExtensionRef", "extensionRef": extension}
    route = an_http_route(a_http_rule(filters=[again]))
    said = await on_a_gateway((502, 5), (200, 5), route=route)
    assert (said.failed, len(said.metered)) == ({}, 1)
    assert (await on_a_gateway((502, 5), (200, 5), route=an_http_route())).failed
