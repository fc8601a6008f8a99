"""One request from a pod or node: by its own wget where that is allowed, else by a prober."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from bot.domain.verdict import Verdict
from bot.errors import ClusterError, InputError
from bot.kube.exec import CannotExecute
from bot.net.diagnosis.observation import ExecutionContext
from bot.net.probing.protocol import Outcome, Probe, ProbeAnswer
from bot.net.probing.wget import CommandOutput
from bot.net.request.origin import RequestOrigin
from bot.net.request.result import Leg
from bot.net.request.service import Reach
from bot.sandbox.network import Broken, Network
from bot.sandbox.scenarios.homelab import healthy
from tests.fake_prober import FakeProber
from tests.fakes import FakeCluster

NEXTCLOUD = "nextcloud.productivity"
KINDS = ("Node", "Pod", "Service", "EndpointSlice")


WELL = CommandOutput("Connecting to x (10.43.0.9:80)\n  HTTP/1.1 200 OK\n", 0)


@dataclass
class FakeInside:
    """A wget that says what a test wants; `fails` is raised where it is asked."""

    said: CommandOutput = WELL
    fails: ClusterError | None = None
    asked: list[Sequence[str]] = field(default_factory=list)

    async def run(self, start: RequestOrigin, argv: Sequence[str]) -> CommandOutput:
        """As it was told."""
        self.asked.append(argv)
        if self.fails:
            raise self.fails
        return self.said


@dataclass
class World:
    """A homelab, and who tests it."""

    reach: Reach
    prober: FakeProber
    inside: FakeInside


def a_world(broken: Broken = Broken()) -> World:  # noqa: B008  # frozen
    lab = healthy(datetime.now(UTC))
    cluster = FakeCluster([each for each in lab.objects if each["kind"] in KINDS])
    network = Network(broken)
    network.learn(*(lab.of(kind) for kind in KINDS))
    prober, inside = FakeProber(network), FakeInside()
    return World(Reach(cluster, prober, inside), prober, inside)


def quiet(_: str) -> None:
    """Nobody waits."""


async def test_a_service_is_asked_from_a_node_by_name_and_vip() -> None:
    """And what a pod on that node does not see is said: here the node's own network."""
    world = a_world()
    found = await world.reach.test("edge", NEXTCLOUD, quiet)
    assert found.verdict is Verdict.HEALTHY
    assert found.dns
    assert found.dns.ok
    assert [step.leg for step in found.attempts[0].steps] == [Leg.CONNECT, Leg.HTTP]
    assert found.attempts[0].status == 200
    assert "in a pod on edge" in found.way
    assert any("the test ran in a pod on it" in gap for gap in found.untested)
    assert [each.context for each in world.prober.asked] == [
        ExecutionContext.HOST,
        ExecutionContext.POD,
    ]


async def test_from_a_pod_its_own_wget_asks_without_a_shell() -> None:
    world = a_world()
    found = await world.reach.test("traefik", f"http://{NEXTCLOUD}", quiet)
    assert found.verdict is Verdict.HEALTHY
    assert found.way == "wget in the pod itself"
    assert world.inside.asked[0][0] == "wget"
    assert not world.prober.asked


@pytest.mark.parametrize(
    "error",
    [
        ClusterError("The bot may not run a command in it (create pods/exec)."),
        CannotExecute("The command could not be started: wget: not found"),
    ],
)
async def test_where_no_command_may_run_its_node_is_asked_and_that_is_said(
    error: ClusterError,
) -> None:
    world = a_world()
    world.inside.fails = error
    found = await world.reach.test("traefik", f"http://{NEXTCLOUD}", quiet)
    assert found.verdict is Verdict.HEALTHY
    assert "in a pod on edge" in found.way
    assert "NetworkPolicies for pod/kube-system/traefik" in found.untested[-1]
    assert str(error) in found.untested[-1]


async def test_a_port_that_speaks_no_http_is_no_matter_for_wget() -> None:
    world = a_world()
    found = await world.reach.test("traefik", "10.42.2.99:5432", quiet)
    assert not world.inside.asked
    assert found.verdict is Verdict.FAILED
    assert found.attempts[0].steps[-1].outcome is Outcome.TIMEOUT


async def test_the_runbooks_symptom_is_told_by_errno() -> None:
    """Refused by the pod's IP from the edge node, and well by the VIP."""
    world = a_world(Broken(redirects=frozenset({("edge", 80)})))
    pod = next(each for each in world.prober.network.places.values() if "nextcloud" in each.name)
    places = world.prober.network.places
    address = next(address for address, place in places.items() if place is pod)
    direct = await world.reach.test("edge", f"http://{address}:80", quiet)
    assert "connection refused (errno 111)" in direct.because
    assert (await world.reach.test("edge", NEXTCLOUD, quiet)).verdict is Verdict.HEALTHY


async def test_a_name_outside_is_looked_up_first_and_then_asked_by_each_address() -> None:
    world = a_world()
    answering = Answering()
    found = await Reach(world.reach.cluster, answering).test("edge", "https://example.org", quiet)
    assert found.addresses == ("198.51.100.7", "2001:db8::7", "169.254.169.254")
    assert [each.address for each in found.attempts] == ["198.51.100.7:443", "[2001:db8::7]:443"]
    assert all(probe.tls and probe.name == "example.org" for probe in answering.probes[1:])
    assert any("169.254.169.254 isn't tested" in gap for gap in found.untested)


async def test_what_the_prober_could_not_begin_is_no_failure_of_the_network() -> None:
    world = a_world()
    answering = Answering(outcome=Outcome.UNTRIED)
    found = await Reach(world.reach.cluster, answering).test("edge", "https://example.org", quiet)
    assert found.verdict is Verdict.UNKNOWN
    assert any("couldn't start" in gap for gap in found.untested)


async def test_without_any_means_nothing_is_claimed() -> None:
    world = a_world()
    world.inside.fails = ClusterError("No.")
    for start in ("edge", "traefik"):
        with pytest.raises(ClusterError, match="no prober"):
            await Reach(world.reach.cluster, None, world.inside).test(start, NEXTCLOUD, quiet)


@pytest.mark.parametrize(
    ("begin", "end"), [("gone", NEXTCLOUD), ("edge", "ftp://x"), ("edge", "gone.apps.svc")]
)
async def test_what_is_typed_wrongly_is_told_before_anything_is_made(begin: str, end: str) -> None:
    world = a_world()
    with pytest.raises(InputError):
        await world.reach.test(begin, end, quiet)
    assert not world.prober.asked


@dataclass
class Answering(FakeProber):
    """One that finds a name outside, and whatever is asked of it after that."""

    network: Network = field(default_factory=Network)
    outcome: Outcome = Outcome.OK
    probes: list[Probe] = field(default_factory=list)

    async def probe(self, source, probes, progress):  # type: ignore[no-untyped-def]
        """The name first."""
        self.probes += probes
        found = ("198.51.100.7", "2001:db8::7", "169.254.169.254")
        return tuple(
            ProbeAnswer(id="dns", outcome=Outcome.OK, addresses=found)
            if each.id == "dns"
            else ProbeAnswer(id=each.id, outcome=self.outcome, connected=9.0, status=200)
            for each in probes
        )
