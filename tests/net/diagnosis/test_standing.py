"""What a later diagnosis of a route does to an earlier one, up to findings and alerts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from bot.alerting.domain.incident import Alerts
from bot.alerting.domain.rules import AlertRoute, Rules
from bot.alerting.domain.transitions import advance
from bot.domain.finding import Finding
from bot.domain.report import Report
from bot.domain.snapshot import Gap, Why
from bot.domain.verdict import Verdict
from bot.errors import ClusterError
from bot.health.report_store import ReportStore
from bot.health.service import Health
from bot.net.diagnosis import service as diagnosing
from bot.net.diagnosis.diagnosis import Row
from bot.net.diagnosis.observation import VantagePoint
from bot.net.diagnosis.proofs import Proofs
from bot.net.diagnosis.service import Diagnose
from bot.net.ports import Prober
from bot.net.views import discord as net_cards
from tests.fakes import FakeCluster
from tests.health.test_report_store import FakeStore
from tests.led import Led
from tests.net.diagnosis.probing_world import WorldProber
from tests.net.diagnosis.test_service import Stubborn, Unwilling, a_cluster, a_world
from tests.net.diagnosis.world import a_subject
from tests.net.networks import MOMENT, a_slice, an_endpoint

RULES = Rules(routes=(AlertRoute(1),))
START = datetime(2026, 11, 1, tzinfo=UTC)
REDIRECTED = {"home-1": 80}


@dataclass
class Homelab:
    """A route that can be diagnosed, and what the health report then says of it.

    `memory` keeps what is proved there.
    """

    cluster: FakeCluster = field(default_factory=a_cluster)
    memory: ReportStore | None = None

    def __post_init__(self) -> None:
        on_proofs = self.memory.note_proofs if self.memory else None
        self.diagnose = Diagnose(self.cluster, on_proofs=on_proofs)
        self.health = Health(self.cluster, diagnosed=lambda: self.diagnose.remembered)

    async def test(self, prober: Prober | None) -> Row:
        """Diagnose the route by that prober."""
        self.diagnose.prober = prober
        return (await self.diagnose.diagnose("web.example")).diagnosis.row

    async def prove(self) -> None:
        """Diagnose it while a rule on Traefik's node catches its requests."""
        assert await self.test(WorldProber(a_world(redirected=REDIRECTED))) is Row.REDIRECT

    async def report(self, minute: float = 0) -> Report:
        """The report of that minute, with the findings of routes alone."""
        seen = await self.health.look()
        found = tuple(each for each in seen.findings if each.check == "routes-ingress")
        return Report(START + timedelta(minutes=minute), found, counts={"Ingress": 1})

    async def finding(self) -> Finding | None:
        """What is found of the route."""
        return next(iter((await self.report()).findings), None)


def without(kind: str) -> Callable[[Homelab], Prober]:
    """A working network, of which the objects of a kind are not there any more."""

    def prepared(lab: Homelab) -> Prober:
        lab.cluster.objects = [each for each in lab.cluster.objects if each["kind"] != kind]
        return WorldProber(a_world())

    return prepared


def unseen(kind: str) -> Callable[[Homelab], Prober]:
    """A working network, of which a kind cannot be read, so that it looks empty."""

    def prepared(lab: Homelab) -> Prober:
        lab.cluster.gaps = (Gap(kind, Why.UNREACHABLE),)
        return without(kind)(lab)

    return prepared


WAYS_NOT_TO_SEE: dict[str, Callable[[Homelab], Prober | None]] = {
    "no prober": lambda _: None,
    "no listener": lambda _: Unwilling(a_world(redirected=REDIRECTED)),
    "no pod beside Traefik": lambda _: Stubborn(
        a_world(), fails={VantagePoint("home-1"): ClusterError("OutOfcpu")}
    ),
    "no Traefik": without("Pod"),
    "endpoints not read": unseen("EndpointSlice"),
}


@pytest.mark.parametrize("way", WAYS_NOT_TO_SEE)
async def test_a_test_that_could_not_tell_leaves_a_proven_fault_as_it_was(way: str):
    """Who asked reads that it is inconclusive; the finding stays, with the time of its proof."""
    lab = Homelab()
    await lab.prove()
    proven = await lab.finding()
    assert await lab.test(WAYS_NOT_TO_SEE[way](lab)) is Row.INCONCLUSIVE
    assert proven
    assert proven.reason == "NativeLBHelps"
    assert await lab.finding() == proven


async def test_a_test_that_passed_ends_a_proven_fault():
    """Everything that the route needs was tried, and works."""
    lab = Homelab()
    await lab.prove()
    assert await lab.test(WorldProber(a_world())) is Row.HEALTHY
    assert await lab.finding() is None


async def test_what_was_tested_in_private_is_in_the_report_and_raises_no_public_alert():
    """Over a restart, and until somebody proves it in public; what is public stays so."""
    store = FakeStore()
    lab = Homelab(memory=ReportStore(store, Led()))
    state = await watched(lab, None, 0)
    lab.diagnose.prober = WorldProber(a_world(redirected=REDIRECTED))
    await lab.diagnose.diagnose("web.example", private=True)
    found = await lab.finding()
    assert found
    assert found.verdict is Verdict.FAILED, "never green when it is red"
    assert (await watched(lab, state, 60)).incidents == ()
    assert lab.memory
    await lab.memory.keep()
    later = Homelab()
    await ReportStore(store, Led()).restore(later.health, later.diagnose)
    state = await watched(later, state, 60)
    assert state.incidents == ()
    await later.prove()
    state = await watched(later, state, 120)
    await later.diagnose.diagnose("web.example", private=True)
    state = await watched(later, state, 180)
    assert [each.ended for each in state.incidents] == [None]


async def test_a_private_proof_leaves_the_public_evidence_of_a_fault_as_it_was():
    """What was found out in private stands in no alert; where it is all there is, it stands."""
    lab = Homelab()
    await lab.prove()
    (public,) = lab.diagnose.remembered
    await lab.diagnose.diagnose("web.example", private=True)
    assert lab.diagnose.remembered == (public,)
    lab.cluster.later = timedelta(hours=25)
    await lab.diagnose.diagnose("web.example", private=True)
    found = await lab.finding()
    assert found
    assert (found.verdict, found.private) == (Verdict.FAILED, True)


async def test_a_fault_that_somebody_asked_about_alarms_only_after_the_usual_grace():
    """Not between the command and its answer."""
    lab = Homelab()
    state = await watched(lab, None, 0)
    await lab.prove()
    for minute, opened in ((60, 0), (62, 0), (63, 1), (64, 1)):
        state = advance(state, await lab.report(minute), RULES)
        assert len(state.incidents) == opened


async def test_a_day_after_its_proof_a_fault_is_unknown_and_its_incident_open():
    """It is neither seen nor over: somebody has to test the route again."""
    lab = Homelab()
    state = await watched(lab, None, 0)
    await lab.prove()
    state = await watched(lab, state, 1)
    lab.cluster.later = timedelta(hours=25)
    old = await lab.finding()
    assert old
    assert (old.verdict, old.reason) == (Verdict.UNKNOWN, "NativeLBHelps")
    assert old.message.startswith("Not tested for over a day: `/net diagnose ")
    state = await watched(lab, state, 61)
    assert [incident.ended for incident in state.incidents] == [None]


async def test_a_proven_fault_outlives_the_process_that_saw_it():
    """A new process knows nothing of the route but what the old one kept."""
    store = FakeStore()
    memory, later = ReportStore(store, Led()), ReportStore(store, Led())
    before, after = Homelab(memory=memory), Homelab(memory=later)
    await before.prove()
    await memory.keep()
    assert await after.finding() is None
    await later.restore(after.health, after.diagnose)
    assert await after.finding() == await before.finding()
    await after.test(WorldProber(a_world()))
    await later.keep()
    assert store.kept["proofs"] == Proofs()


async def test_a_standby_that_acts_later_knows_what_passed_meanwhile():
    """It recalled the proof at its start; the process that acted then saw the route pass."""
    store = FakeStore()
    acts, waits = ReportStore(store, Led()), ReportStore(store, Led())
    leader, standby = Homelab(memory=acts), Homelab()
    await acts.restore(leader.health, leader.diagnose)
    await leader.prove()
    await acts.keep()
    await waits.restore(standby.health, standby.diagnose)
    assert await standby.finding()
    await leader.test(WorldProber(a_world()))
    await acts.keep()
    await waits.restore(standby.health, standby.diagnose)
    assert await standby.finding() is None


async def test_proofs_that_could_not_be_read_are_not_written_over():
    store, after = FakeStore(), Homelab()
    memory = ReportStore(store, Led())
    before = Homelab(memory=memory)
    await before.prove()
    await memory.keep()
    kept = store.kept["proofs"].proofs
    later = ReportStore(store, Led())
    store.fails = ClusterError("no answer")
    await later.restore(after.health, after.diagnose)
    store.fails = None
    later.note_proofs(after.diagnose.proofs)
    await later.keep()
    assert store.kept["proofs"].proofs == kept


async def test_what_an_earlier_process_proved_is_no_test_of_this_one():
    """Only faults are kept: counted with the tests, they would look like all that there is."""
    store, after = FakeStore(), Homelab()
    memory = ReportStore(store, Led())
    before = Homelab(memory=memory)
    await before.prove()
    await memory.keep()
    await ReportStore(store, Led()).restore(after.health, after.diagnose)
    assert (len(before.diagnose.tested), len(after.diagnose.tested)) == (1, 0)
    await after.prove()
    assert len(after.diagnose.tested) == 1


async def test_a_proof_that_could_not_be_kept_is_kept_with_the_next_write():
    store = FakeStore(fails=ClusterError("gone"))
    memory = ReportStore(store, Led())
    lab = Homelab(memory=memory)
    await lab.prove()
    await memory.keep()
    store.fails = None
    await memory.keep()
    assert len(store.kept["proofs"].proofs) == 1


@pytest.mark.parametrize("prober", [None, WorldProber(a_world())])
async def test_a_route_that_leads_elsewhere_ends_a_proven_fault(prober: Prober | None):
    """Its endpoint is another one: nobody saw that one fail, whatever is tested now."""
    lab = Homelab()
    await lab.prove()
    moved = a_slice("web", an_endpoint("10.42.2.77"), ports=({"port": 80},))
    kept = [each for each in lab.cluster.objects if each["kind"] != "EndpointSlice"]
    lab.cluster.objects = [*kept, moved]
    assert await lab.finding() is None
    await lab.test(prober)
    lab.cluster.objects = a_cluster().objects
    assert await lab.finding() is None


async def test_an_incident_lasts_through_a_test_that_could_not_tell_and_ends_by_one_that_passed():
    """Nothing has recovered while nobody could see it."""
    lab = Homelab()
    state = await watched(lab, None, 0)
    await lab.prove()
    state = await watched(lab, state, 1)
    await lab.test(Unwilling(a_world(redirected=REDIRECTED)))
    state = await watched(lab, state, 61)
    assert [each.ended for each in state.incidents] == [None]
    await lab.test(WorldProber(a_world()))
    state = await watched(lab, state, 121)
    assert [each.ended for each in state.incidents] == [START + timedelta(minutes=121)]


async def watched(lab: Homelab, state: Alerts | None, begin: int) -> Alerts:
    """The alerts after an hour of looking each minute."""
    for minute in range(begin, begin + 60):
        state = advance(state, await lab.report(minute), RULES)
    assert state is not None
    return state


async def test_who_asks_again_is_answered_what_was_seen_now():
    """The message is of this test, not of the one that stands."""
    lab = Homelab()
    await lab.prove()
    lab.diagnose.prober = None
    answer = (await lab.diagnose.diagnose("web.example")).diagnosis
    assert "nconclusive" in str(net_cards.diagnosis(answer, []))
    (kept,) = lab.diagnose.remembered
    assert kept.diagnosis.row is Row.REDIRECT


async def test_a_proven_fault_is_not_forgotten_for_tests_that_proved_nothing():
    """However many other routes are asked about: what is forgotten would look recovered."""
    lab = Homelab()
    await lab.prove()
    lab.diagnose.prober = None
    for number in range(2 * diagnosing.KEPT):
        await lab.diagnose.examine(a_subject(name=f"route-{number}"), MOMENT)
    assert len(lab.diagnose.remembered) == diagnosing.KEPT
    assert await lab.finding()
