"""What Traefik said once and cannot say any more: never silence, and for an hour not forgotten."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from bot.domain.resources.base import Object
from bot.domain.snapshot import Gap, Snapshot, SnapshotReader, Why
from bot.domain.verdict import Verdict
from bot.health import observed
from bot.routing.running import TraefikNamespaces
from bot.routing.traefik_word import TraefikWord
from bot.traefik.word import WordReader
from tests.builders import Plain, a_pod, kept
from tests.net.networks import MOMENT, a_snapshot
from tests.traefik.test_word import SITE, Cluster, Saying
from tests.traefik.test_word_sources import Edges
from tests.traefik.world import AGAIN, EDGE, POD, a_runtime, refused, world

ABSENT = "no Traefik pod is running"
SAID = refused(at="11:50:00")


@dataclass
class Clock:
    """A reader's own clock, which a test moves from one question to the next."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Still:
    """A cluster that is as it was."""

    seen: Snapshot

    async def snapshot(
        self, types: Collection[type[Object]], namespace: str | None = None
    ) -> Snapshot:
        return self.seen


@dataclass
class Asked:
    """One reader, asked again and again about a Traefik that changes meanwhile."""

    cluster: SnapshotReader = field(default_factory=Cluster)
    clock: Clock = field(default_factory=Clock)
    reader: WordReader | None = None

    async def word(self, traefik: Saying | Edges) -> TraefikWord:
        if self.reader is None:
            self.reader = WordReader(self.cluster, traefik, clock=self.clock)
        self.reader.source = traefik
        self.clock.now += 61
        return await self.reader.read()


def a_traefik(phase: str = "Running") -> Plain:
    """A pod with Traefik's image and arguments."""
    pod = a_pod("traefik-1", namespace="kube-system")
    arguments = ["--providers.kubernetescrd"]
    pod["spec"]["containers"] = [{"name": "traefik", "image": "traefik:3.6", "args": arguments}]
    pod["status"]["phase"] = phase
    return kept(pod)


def judged(said: TraefikWord, **later: float) -> Verdict:
    """The verdict on the site some time later."""
    before = a_snapshot(*world(), supplements={TraefikWord: said})
    snapshot = Snapshot(MOMENT + timedelta(**later), before.objects, supplements=before.supplements)
    return observed.worst(SITE, snapshot, None).verdict


async def test_a_traefik_that_is_gone_is_a_gap_and_its_failed_requests_are_remembered() -> None:
    """Scaled to nothing, so that not even a pod that does not run is left."""
    asked = Asked()
    assert (await asked.word(Saying(SAID))).gaps == ()
    said = await asked.word(Saying(pods_there=()))
    assert said.gaps == (Gap("Traefik's log", Why.UNREACHABLE, ABSENT, MOMENT),)
    assert judged(said) is Verdict.DEGRADED


@pytest.mark.parametrize("phase", ["Pending", "Unknown"])
async def test_a_traefik_that_does_not_run_is_a_gap_from_the_first_look(phase: str) -> None:
    asked = Asked(Cluster([*world(), a_traefik(phase)]))
    (gap,) = (await asked.word(Saying(pods_there=()))).gaps
    assert (gap.why, gap.detail) == (Why.UNREACHABLE, ABSENT)


async def test_a_tenants_pod_that_looks_like_traefik_is_no_gap() -> None:
    """Anybody can say so."""
    pods = a_snapshot(a_traefik("Pending")).objects
    for names, gaps in ((("kube-system",), 1), (("edge",), 0)):
        supplements: dict[type, object] = {TraefikNamespaces: TraefikNamespaces(names)}
        snapshot = Snapshot(MOMENT, pods, supplements=supplements)
        assert len((await Asked(Still(snapshot)).word(Saying(pods_there=()))).gaps) == gaps


@pytest.mark.parametrize(("phase", "gaps"), [("Running", 1), ("Failed", 0)])
async def test_what_runs_elsewhere_alone_is_named_with_the_setting(phase: str, gaps: int) -> None:
    """The owner's Traefik may run where the settings do not look; until then it is not believed."""
    supplements: dict[type, object] = {TraefikNamespaces: TraefikNamespaces(("edge",))}
    snapshot = Snapshot(MOMENT, a_snapshot(a_traefik(phase)).objects, supplements=supplements)
    said = (await Asked(Still(snapshot)).word(Saying(pods_there=()))).gaps
    assert [gap.why for gap in said] == [Why.NOT_SET_UP] * gaps
    setting = "MESHMEDIC_TRAEFIK_NAMESPACES=edge,kube-system. Until then the bot ignores it"
    assert all(setting in gap.detail for gap in said)


@pytest.mark.parametrize("left", [[], [a_traefik("Failed")]])
async def test_a_cluster_without_a_traefik_has_no_gap(left: list[Plain]) -> None:
    """Nor one with the evicted pod of a Traefik that was removed."""
    assert (await Asked(Cluster([*world(), *left])).word(Saying(pods_there=()))).gaps == ()


async def test_an_api_that_was_read_and_answers_with_errors_is_a_gap() -> None:
    """What it refused is not over."""
    asked = Asked()
    refusing = await asked.word(Saying(runtime_view=a_runtime(POD, errors=("no such service",))))
    assert judged(refusing) is Verdict.FAILED
    (gap,) = (await asked.word(Saying())).gaps
    assert (gap.why, gap.detail, gap.since) == (Why.UNREACHABLE, "Its API is off.", MOMENT)
    assert (await asked.word(Saying(runtime_view=a_runtime(POD)))).gaps == ()


async def test_an_api_that_was_never_read_is_the_owners_choice() -> None:
    """As with k3s's defaults; nor is one lost that Traefik's arguments switch off."""
    asked = Asked()
    assert (await asked.word(Saying())).gaps == ()
    assert (await asked.word(Saying(runtime_view=a_runtime(POD)))).gaps == ()
    again = replace(EDGE, args=(*EDGE.args, "--api=false", "--accesslog"))
    assert (await asked.word(Saying(pods_there=(again,)))).gaps == ()


async def test_an_api_that_one_replica_shows_is_not_lost() -> None:
    """Another one of the same configuration has just started."""
    asked = Asked()
    both, runtime = (EDGE, AGAIN), a_runtime(POD)
    assert (await asked.word(Edges({EDGE.name: runtime, AGAIN.name: runtime}, both))).gaps == ()
    assert (await asked.word(Edges({AGAIN.name: runtime}, both))).gaps == ()
    assert {gap.why for gap in (await asked.word(Edges({}, both))).gaps} == {Why.UNREACHABLE}


async def test_a_log_that_began_anew_loses_no_failed_request_for_an_hour() -> None:
    """A Traefik that was restarted: degraded, then unknown, and at last long ago."""
    asked = Asked()
    await asked.word(Saying(SAID * 3))
    said = await asked.word(Saying())
    (kept,) = said.failed[SITE]
    assert kept.count == 3
    verdicts = [judged(said, minutes=minutes) for minutes in (0, 5, 6, 49, 50, 51)]
    fails, unknown = Verdict.DEGRADED, Verdict.UNKNOWN
    assert verdicts == [fails, fails, unknown, unknown, unknown, Verdict.HEALTHY]


async def test_what_the_log_still_has_is_not_told_twice() -> None:
    asked = Asked()
    for times in (2, 3):
        said = await asked.word(Saying(SAID * times))
        assert [one.count for one in said.failed[SITE]] == [times]


async def test_what_is_remembered_is_forgotten_after_an_hour() -> None:
    """The next look drops it."""
    asked = Asked()
    await asked.word(Saying(refused(at="10:59:00")))
    assert (await asked.word(Saying())).failed == {}


async def test_a_log_that_cannot_be_read_takes_nothing_from_what_was_read() -> None:
    asked = Asked()
    await asked.word(Saying(SAID))
    said = await asked.word(Saying(waits=60.0))
    assert {gap.why for gap in said.gaps} == {Why.UNREACHABLE}
    assert judged(said) is Verdict.DEGRADED
