"""Two pods of Traefik have one name, in two namespaces: each is known by both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot.domain.refusal import NotObserved
from bot.routing.instance import TraefikPod
from bot.traefik.domain.api import Runtime
from bot.traefik.domain.log_request import LogEnd, LogRequest
from bot.traefik.request_meter import RequestMeter
from bot.traefik.service import Traefik
from bot.traefik.word import WordReader
from tests.fakes import FakeCluster
from tests.net.networks import MOMENT
from tests.traefik.metering import PLAIN, RULE
from tests.traefik.test_service import the_subject
from tests.traefik.test_word_sources import SITE
from tests.traefik.world import EDGE, POD, ROUTER, STALE, a_runtime, refused, world

TWIN = replace(EDGE, namespace="traefik", node="home-1")
ACCESSED = (
    f'1.1.1.1 - - [23/Nov/2026:11:50:00 +0000] "GET / HTTP/1.1" {{}} 1 "-" "-" 1 "{ROUTER}" '
    f'"{POD}" 1ms\n'
)


@dataclass
class Twins:
    """Both pods; what each says is by its namespace."""

    runtimes: Mapping[str, Runtime] = field(default_factory=dict)
    logs: Mapping[str, str] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    pods_there: tuple[TraefikPod, ...] = (EDGE, TWIN)

    async def pods(self) -> tuple[TraefikPod, ...]:
        return self.pods_there

    async def runtime(self, pod: TraefikPod) -> Runtime | NotObserved:
        return self.runtimes.get(pod.namespace, NotObserved("Its API is off."))

    async def log(
        self, pod: TraefikPod, request: LogRequest, on_chunk: Callable[[bytes], None]
    ) -> LogEnd:
        text = self.logs.get(pod.namespace, "").encode()
        on_chunk(text)
        return LogEnd(len(text))

    async def metrics(self, pod: TraefikPod, port: int, on_chunk: Callable[[bytes], None]) -> None:
        begun = (MOMENT - timedelta(days=1)).timestamp()
        labels = f'code="502",method="GET",protocol="http",service="{ROUTER}"'
        count = self.counters.get(pod.namespace, 0)
        on_chunk(f"process_start_time_seconds {begun}\n".encode())
        on_chunk(f"traefik_service_requests_total{{{labels}}} {count}\n".encode())


def asking(source: Twins) -> Traefik:
    return Traefik(FakeCluster(world()), source)


async def test_the_failures_that_one_logs_are_not_lost_by_the_others_log() -> None:
    """Whichever of the two comes last."""
    for logs in (
        {"kube-system": refused() * 40, "traefik": ""},
        {"kube-system": "", "traefik": refused() * 40},
    ):
        answer = await asking(Twins(logs=logs)).logs()
        assert (answer.failed, answer.lines) == (40, 40)
    both = await asking(Twins(logs=dict.fromkeys(("kube-system", "traefik"), refused()))).logs()
    (failure,) = both.failures[0].failures
    assert failure.replicas == ("kube-system/traefik-1", "traefik/traefik-1")


async def test_the_servers_that_each_has_are_told_apart() -> None:
    """By its API, in the answers and in the belief of a diagnosis."""
    source = Twins({"kube-system": a_runtime(POD), "traefik": a_runtime(STALE)})
    answer = await asking(source).routes()
    live = [server for route in answer.routes for rule in route.rules for server in rule.live or ()]
    assert {server.url: server.replicas for server in live if server.replicas} == {
        POD: ("kube-system/traefik-1",),
        STALE: ("traefik/traefik-1",),
    }
    belief = await asking(source).belief(the_subject())
    assert belief.servers == (("10.42.1.7", 8080), ("10.42.1.99", 8080))


async def test_the_access_log_of_one_is_no_word_of_the_other() -> None:
    """What one answered and what the other failed are both known."""
    logs = {"kube-system": ACCESSED.format(200), "traefik": ACCESSED.format(502)}
    for pods in ((EDGE, TWIN), (TWIN, EDGE)):
        source = Twins(logs=logs, pods_there=pods)
        word = await WordReader(FakeCluster(world()), source).read()
        assert (SITE, RULE) in word.answered
        assert [failed.count for failed in word.failed[SITE]] == [1]


async def test_what_each_counts_is_compared_with_its_own_look_before() -> None:
    """Not with that of its namesake."""
    pods = tuple(replace(pod, args=PLAIN) for pod in (EDGE, TWIN))
    source = Twins(counters={"kube-system": 1000, "traefik": 5}, pods_there=pods)
    meter = RequestMeter(source)

    async def look(minutes: int) -> dict[str, float]:
        samples = await meter.read(pods, asyncio.get_running_loop().time() + 60)
        rises = meter.rises(samples, MOMENT + timedelta(minutes=minutes))
        return {
            pod: sum(codes.total() for codes in rise.counts.values()) for pod, rise in rises.items()
        }

    await look(0)
    source.counters = {"kube-system": 1003, "traefik": 6}
    assert await look(1) == {"kube-system/traefik-1": 3, "traefik/traefik-1": 1}
