"""Traefik's own word about routes: read quickly, once for every view, and judged in one place."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot.domain.finding import Judgement, Ref
from bot.domain.refusal import NotObserved
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot, Why
from bot.domain.verdict import Verdict
from bot.errors import ClusterError, Forbidden
from bot.health import observed
from bot.routing.instance import TraefikPod
from bot.routing.traefik_word import WORKS_AGAIN, FailedRequests, TraefikWord, judgement
from bot.traefik.domain.api import Router, Runtime
from bot.traefik.domain.log_request import LogEnd, LogRequest
from bot.traefik.word import WordReader
from tests.builders import Plain
from tests.net.networks import MOMENT, a_route, a_rule, a_snapshot
from tests.traefik.world import EDGE, POD, a_runtime, created, refused, world

SITE = Ref("IngressRoute", "apps", "site")
INGRESS = Ref("Ingress", "apps", "site")


@dataclass
class Saying:
    """A Traefik that says this, and counts how often it is asked."""

    log_text: str = ""
    runtime_view: Runtime | None = None
    error: ClusterError | None = None
    pods_there: tuple[TraefikPod, ...] = (EDGE,)
    waits: float = 0.0
    asked: int = 0

    async def pods(self) -> tuple[TraefikPod, ...]:
        self.asked += 1
        await asyncio.sleep(self.waits)
        return self.pods_there

    async def runtime(self, pod: TraefikPod) -> Runtime | NotObserved:
        return self.runtime_view or NotObserved("Its API is off.")

    async def log(
        self, pod: TraefikPod, request: LogRequest, on_chunk: Callable[[bytes], None]
    ) -> LogEnd:
        if self.error:
            raise self.error
        on_chunk(self.log_text.encode())
        return LogEnd(len(self.log_text))


@dataclass
class Cluster:
    """A cluster with these objects."""

    plain: list[Plain] = field(default_factory=world)

    async def snapshot(
        self, types: Collection[type[Object]], namespace: str | None = None
    ) -> Snapshot:
        return a_snapshot(*self.plain)


async def word(traefik: Saying, *more: Plain) -> TraefikWord:
    """What is read of it."""
    return await WordReader(Cluster([*world(), *more]), traefik).read()


def judged(said: TraefikWord, route: Ref = SITE, **passed: object) -> Judgement:
    """The verdict on a route whose objects are in order."""
    snapshot = a_snapshot(*world(), supplements={TraefikWord: said})
    return observed.worst(route, snapshot, None)


async def test_a_route_whose_requests_fail_is_not_healthy() -> None:
    """By the address in a line that names no route: both routes that lead there."""
    said = await word(Saying(created(POD) + refused() * 7))
    for route in (SITE, INGRESS):
        (found,) = said.failed[route]
        assert (found.count, found.what) == (7, "502 connection refused at 10.42.1.7:8080")
        assert found.address == "10.42.1.7:8080"
    fresh = TraefikWord(failed={SITE: (FailedRequests(7, found.what, MOMENT),)})
    judgement_ = judged(fresh)
    assert (judgement_.verdict, judgement_.reason) == (Verdict.DEGRADED, "RequestsFail")


def test_what_failed_a_while_ago_is_unknown_and_neither_healthy_nor_broken() -> None:
    """Nobody has seen a request of it succeed since."""
    at = MOMENT - timedelta(minutes=30)
    assert judged(TraefikWord(failed={SITE: (FailedRequests(1, "502", at),)})).verdict is (
        Verdict.UNKNOWN
    )


def test_a_test_that_passed_since_ends_it() -> None:
    """An earlier one does not."""
    said = TraefikWord(failed={SITE: (FailedRequests(2, "502", MOMENT),)})
    snapshot = a_snapshot(*world(), supplements={TraefikWord: said})
    assert judgement(SITE, snapshot, (MOMENT + timedelta(seconds=1),)) is WORKS_AGAIN
    assert judgement(SITE, snapshot, (MOMENT - timedelta(hours=1),)) is not None


async def test_requests_that_clients_gave_up_are_no_fault() -> None:
    """Traefik writes them as 499."""
    why = 'error="context canceled"'
    gave_up = f"2026-11-23T11:30:00Z DBG proxy.go:121 > 499 Client Closed Request {why}\n"
    assert (await word(Saying(created(POD) + gave_up))).failed == {}


async def test_what_traefik_refuses_by_its_api_has_failed() -> None:
    """In its own words."""
    said = await word(Saying(runtime_view=a_runtime(POD, errors=("the service does not exist",))))
    found = judged(said)
    assert (found.verdict, found.reason) == (Verdict.FAILED, "RefusedByTraefik")
    assert "the service does not exist" in found.message


async def test_a_rule_of_which_traefik_made_no_router_was_dropped() -> None:
    """Provided that other routers are found by their names."""
    second = a_route(a_rule(host="b.example"), name="second")
    said = await word(Saying(runtime_view=a_runtime(POD)), second)
    assert set(said.refused) == {Ref("IngressRoute", "apps", "second")}
    elsewhere = Runtime((Router("other@kubernetescrd", "Host(`c`)", "other"),))
    assert (await word(Saying(runtime_view=elsewhere), second)).refused == {}


async def test_a_sound_route_is_not_remarked_on() -> None:
    """Its router is enabled, and the log has nothing."""
    said = await word(Saying(created(POD), a_runtime(POD)))
    assert (said.refused, said.failed, said.gaps) == ({}, {}, ())
    assert judged(said).verdict is Verdict.HEALTHY


@pytest.mark.parametrize(
    ("error", "why"),
    [(Forbidden("pods/log is forbidden"), Why.FORBIDDEN), (ClusterError("gone"), Why.UNREACHABLE)],
)
async def test_a_log_that_cannot_be_read_is_a_gap(error: ClusterError, why: Why) -> None:
    """Never silence."""
    (gap,) = (await word(Saying(error=error))).gaps
    assert (gap.why, gap.kind) == (why, "Traefik's log")


async def test_a_log_that_shows_no_failures_is_named_as_not_set_up_for_it() -> None:
    """Which is the owner's choice, and makes no report unknown."""
    quiet = TraefikPod("kube-system", "traefik-1", running=True, args=("--log.level=INFO",))
    (gap,) = (await word(Saying(pods_there=(quiet,)))).gaps
    assert gap.why is Why.NOT_SET_UP
    assert (await word(Saying(pods_there=()))).gaps == ()


async def test_a_traefik_that_does_not_answer_keeps_nobody_waiting() -> None:
    """It is a gap after the patience of a check, and is not asked again at once."""
    slow = Saying(waits=5.0)
    reader = WordReader(Cluster(), slow, patience=0.05)
    for _ in range(3):
        (gap,) = (await reader.read()).gaps
        assert gap.why is Why.UNREACHABLE
    assert slow.asked == 1


async def test_traefik_is_asked_once_a_minute_at_most() -> None:
    """However many views ask at once."""
    now = [0.0]
    traefik = Saying()
    reader = WordReader(Cluster(), traefik, clock=lambda: now[0])
    await asyncio.gather(*(reader.read() for _ in range(5)))
    assert traefik.asked == 1
    now[0] = 61.0
    await reader.read()
    assert traefik.asked == 2
