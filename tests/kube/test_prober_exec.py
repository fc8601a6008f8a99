"""Probing from Traefik's own pod: what is asked there, and what is said where nothing can be."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.domain.finding import Ref
from bot.errors import ClusterError, Forbidden
from bot.kube import prober_exec as probe_inside
from bot.kube.client import Api
from bot.kube.connect import connect
from bot.kube.exec import PodCommands
from bot.kube.one_shot_reader import ClusterReader
from bot.kube.prober_exec import WgetSession
from bot.kube.prober_jobs import ProbeJobs
from bot.kube.traefik_reader import TraefikReader
from bot.net.diagnosis import service as ways
from bot.net.diagnosis.diagnosis import Confidence, Diagnosis, Effect, Row
from bot.net.diagnosis.observation import ExecutionContext, VantagePoint
from bot.net.diagnosis.service import Diagnose
from bot.net.probing.protocol import Outcome, Probe, ProbeKind
from bot.net.probing.wget import CommandOutput
from bot.net.request.origin import RequestOrigin
from bot.net.views import discord as net_cards
from bot.net.views import json as net_json
from bot.net.views import terminal as net_terminal
from bot.sandbox.kubelet import Kubelet
from bot.sandbox.kubernetes_api import SimulatedCluster
from bot.sandbox.kubernetes_api.streams import Shell, StreamEnded
from bot.sandbox.network import Broken, Network
from bot.sandbox.opening import find
from bot.traefik.service import Traefik
from tests.clusters import Cluster
from tests.health.views.test_discord import texts

INSIDE = VantagePoint("edge", ExecutionContext.TRAEFIK)
NO_WGET = 'exec: "wget": executable file not found in $PATH: unknown'
WELL = b"Connecting to 10.42.2.32:80 (10.42.2.32:80)\n  HTTP/1.1 200 OK\n"


async def image() -> str:
    return "registry.example/meshmedic:test"


def quiet(_: str) -> None:
    """Nobody waits."""


def to(address: str = "10.42.2.32", port: int = 80, **options: Any) -> Probe:
    given: dict[str, Any] = {"id": f"{address}:{port}", "kind": ProbeKind.TCP, "again": 0}
    return Probe(address=address, port=port, **(given | options))


Open = Callable[[Shell | None], None]


@pytest.fixture
async def api(cluster: Cluster) -> AsyncIterator[Api]:
    async with connect(kubeconfig=cluster.kubeconfig) as one:
        yield one


@pytest.fixture
def opened(simulation: SimulatedCluster) -> Open:
    """Plays the homelab whose edge redirects, with busybox or that shell in Traefik's pod."""

    def begin(shell: Shell | None, broken: Broken | None = None) -> None:
        made = find("homelab").build(datetime.now(UTC))
        for each in made.objects:
            simulation.put(each)
        made.prepare(simulation)
        # It learns from the objects before each command, so it need not run.
        Kubelet(simulation, Network(broken or made.broken)).open_shells("traefik")
        if shell:
            simulation.shells = dict.fromkeys(simulation.shells, shell)

    return begin


def prober(api: Api) -> ProbeJobs:
    return ProbeJobs(api, image)


async def diagnosed(api: Api, asked: str = "grafana") -> Diagnosis:
    reader = ClusterReader(api)
    traefik = Traefik(reader, TraefikReader(api))
    return (await Diagnose(reader, prober(api), traefik).diagnose(asked)).diagnosis


async def only_exec(cluster: Cluster) -> None:
    """No pod of ours may be made, as without the component prober."""
    await cluster.forbid("create", "jobs", "batch")


async def test_the_runbooks_cause_is_found_where_commands_are_all_that_is_allowed(
    cluster: Cluster, api: Api, opened: Open
) -> None:
    """Objects, Traefik's log and wget in its pod together; and every answer says by what."""
    opened(None)
    await only_exec(cluster)
    found = await diagnosed(api)
    assert (found.row, found.confidence) == (Row.REDIRECT, Confidence.LIKELY)
    assert (found.places, found.effect) == (("edge",), Effect.HELPS)
    assert found.prober == ways.INSIDE
    assert any("jobs.batch is forbidden" in each for each in found.untested)
    for said in answers(found):
        assert "wget in Traefik's own pod" in said
        assert "deploy/components/prober" in said


async def test_what_is_lost_on_the_way_is_inconclusive_by_wget_alone(
    cluster: Cluster, api: Api, opened: Callable[..., None]
) -> None:
    """From one pod a dead overlay is silence, and silence has many causes."""
    opened(None, Broken(overlay_down=frozenset({"edge"})))
    await only_exec(cluster)
    found = await diagnosed(api)
    assert (found.row, found.effect) == (Row.INCONCLUSIVE, Effect.UNKNOWN)
    assert "timeout" in found.because
    assert "deploy/components/prober" in found.next


def answers(found: Diagnosis) -> tuple[str, str, str]:
    """In the terminal, in JSON and on Discord."""
    card = "\n".join(texts(net_cards.diagnosis(found, [])))
    said = " ".join(net_terminal.diagnosis_text(found).split())
    return said, net_json.diagnosis(found).decode(), card


@pytest.mark.parametrize(
    ("shell", "why"),
    [
        (lambda _: StreamEnded(refused=NO_WGET), "No wget can be run in Traefik's pod"),
        (
            lambda _: StreamEnded(code=126, stderr=b"exec failed"),
            "No wget can be run in Traefik's pod",
        ),
        (lambda _: StreamEnded(refused="container not found"), "container not found"),
    ],
)
async def test_an_image_without_wget_is_said_and_never_healthy(
    cluster: Cluster, api: Api, opened: Open, shell: Shell, why: str
) -> None:
    """A Traefik from scratch: the answer says what to do in its place."""
    opened(shell)
    await only_exec(cluster)
    found = await diagnosed(api)
    assert found.row is Row.INCONCLUSIVE
    assert found.prober.startswith("nothing: neither pods on demand nor wget")
    assert any(why in each and each.startswith("From Traefik's pod") for each in found.untested)


async def test_a_wget_without_the_options_that_bound_it_is_not_read_as_an_answer(
    cluster: Cluster, api: Api, opened: Open
) -> None:
    """Its usage speaks of certificates, which is no word about the network."""
    usage = b"wget: invalid option -- 'T'\nUsage: wget [--no-check-certificate] URL...\n"
    opened(lambda _: StreamEnded(stderr=usage, code=1))
    await only_exec(cluster)
    found = await diagnosed(api)
    assert found.row is Row.INCONCLUSIVE
    assert any("wget said" in each for each in found.untested)


async def test_forbidden_commands_are_said_with_the_component_that_allows_them(
    cluster: Cluster, api: Api, opened: Open
) -> None:
    """And nobody asks again and again: the first no is enough."""
    asked: list[Sequence[str]] = []
    opened(lambda argv: asked.append(argv) or StreamEnded(stderr=WELL))
    await only_exec(cluster)
    await cluster.forbid("create", "pods/exec")
    with pytest.raises(ClusterError, match="deploy/components/exec"):
        await prober(api).probe(INSIDE, [to(tries=5)], quiet)
    found = await diagnosed(api)
    assert found.row is Row.INCONCLUSIVE
    assert any("create pods/exec" in each for each in found.untested)
    assert not asked


async def test_a_pod_that_goes_in_the_middle_costs_only_what_was_not_asked_yet(
    simulation: SimulatedCluster, api: Api, opened: Open
) -> None:
    def shell(argv: Sequence[str]) -> StreamEnded:
        for each in [each.plain()["metadata"] for each in simulation.in_order("pods")]:
            if each["name"].startswith("traefik-"):
                simulation.delete("Pod", each["namespace"], each["name"])
        return StreamEnded(stderr=WELL)

    opened(shell)
    found = await prober(api).probe(INSIDE, [to(tries=2), to(port=81)], quiet)
    assert [each.outcome for each in found] == [Outcome.OK, Outcome.UNTRIED, Outcome.UNTRIED]
    assert "gone while it was asked" in found[-1].detail
    with pytest.raises(ClusterError, match="No running Traefik pod was found on edge"):
        await prober(api).probe(INSIDE, [to()], quiet)


async def test_a_command_that_hangs_is_given_up_and_said(
    monkeypatch: pytest.MonkeyPatch, simulation: SimulatedCluster, api: Api, opened: Open
) -> None:
    """Within its limit, and what was answered until then stays."""
    monkeypatch.setattr(probe_inside, "STARTING", 0.3)

    def shell(_: Sequence[str]) -> StreamEnded:
        simulation.faults.hang = True
        return StreamEnded(stderr=WELL)

    opened(shell)
    asked = [to(seconds=0.2), to(port=81, seconds=0.2)]
    well, hung = await prober(api).probe(INSIDE, asked, quiet)
    assert well.outcome is Outcome.OK
    assert hung.outcome is Outcome.UNTRIED
    assert "did not end within" in hung.detail


async def test_a_kubelet_that_is_away_is_asked_once(
    simulation: SimulatedCluster, api: Api, opened: Open
) -> None:
    """The API server cannot reach it: no time is lost on what would end alike."""
    opened(None)
    (pod,) = await TraefikReader(api).pods()
    simulation.faults.verbs, simulation.faults.status = frozenset({"get"}), 502
    asking = WgetSession(
        PodCommands(api).run, RequestOrigin("edge", Ref("Pod", pod.namespace, pod.name)), 1e9
    )
    with pytest.raises(ClusterError, match="502"):
        await asking.all([to(tries=40)])
    assert sum(each.path.endswith("/exec") for each in simulation.requests) == 1


@pytest.mark.parametrize(
    "said",
    [
        "wget: unrecognized option: max-redirect=0\nBusyBox v1.36.1 multi-call binary.\n",
        "wget: unrecognized option '--max-redirect=0'\nUsage: wget [-cqS] URL...\n",
    ],
)
async def test_no_redirect_is_followed_where_wget_has_an_option_for_that(said: str) -> None:
    """Busybox's has none, refuses GNU's, and is asked without it from then on."""
    commands: list[Sequence[str]] = []

    async def busybox(_: object, argv: Sequence[str], __: float) -> CommandOutput:
        commands.append(argv)
        if "--max-redirect=0" in argv:
            return CommandOutput(said, 1)
        return CommandOutput(WELL.decode(), 0)

    start = RequestOrigin("edge", Ref("Pod", "kube-system", "traefik"))
    answers = await WgetSession(busybox, start, 1e9).all([to(), to(port=81)])
    assert [answer.outcome for answer in answers] == [Outcome.OK] * 2
    assert ["--max-redirect=0" in argv for argv in commands] == [True, False, False]
    commands.clear()

    async def gnu(_: object, argv: Sequence[str], __: float) -> CommandOutput:
        commands.append(argv)
        return CommandOutput("  HTTP/1.1 302 Found\n0 redirections exceeded.\n", 8)

    (answer,) = await WgetSession(gnu, start, 1e9).all([to(kind=ProbeKind.HTTP)])
    assert (answer.outcome, answer.status) == (Outcome.OK, 302)
    assert ["--max-redirect=0" in argv for argv in commands] == [True]


class Unread(str):
    """A path that no command is made of."""

    __slots__ = ()

    def removeprefix(self, _: str, /) -> str:
        raise AssertionError


async def test_where_no_command_can_be_run_no_further_one_is_made() -> None:
    """Hosts and paths of routes are not even looked at."""

    async def forbidden(*_: object) -> CommandOutput:
        raise Forbidden("pods/exec is forbidden.")

    asking = WgetSession(
        forbidden, RequestOrigin("edge", Ref("Pod", "kube-system", "traefik")), 1e9
    )
    with pytest.raises(ClusterError, match="pods/exec"):
        await asking.all([to(), to(kind=ProbeKind.HTTP, path=Unread("/"))])


async def test_where_no_time_is_left_no_command_is_made() -> None:
    """What somebody wrote is looked at only where it may be asked."""

    async def never(*_: object) -> CommandOutput:
        raise AssertionError

    asking = WgetSession(never, RequestOrigin("edge", Ref("Pod", "kube-system", "traefik")), 0.0)
    (answer,) = await asking.all([to(kind=ProbeKind.HTTP, path=Unread("/"))])
    assert "requests were stopped" in answer.detail


async def test_what_one_place_may_take_is_bounded(
    monkeypatch: pytest.MonkeyPatch, api: Api, opened: Open
) -> None:
    """Then no more is asked, and it is said."""
    opened(lambda _: StreamEnded(stderr=WELL))
    monkeypatch.setattr(probe_inside, "LONGEST", 0.0)
    (found,) = await prober(api).probe(INSIDE, [to()], quiet)
    assert found.outcome is Outcome.UNTRIED
    assert "requests were stopped" in found.detail


async def test_output_without_end_is_cut_and_still_understood(api: Api, opened: Open) -> None:
    """Headers come after the answer; without one it is said that it was too much."""
    said = iter([WELL + b"  X: y\n" * 100_000, b"noise\n" * 100_000])
    opened(lambda _: StreamEnded(stderr=next(said)))
    well, cut = await prober(api).probe(INSIDE, [to(), to(port=81)], quiet)
    assert (well.outcome, well.status) == (Outcome.OK, 200)
    assert cut.outcome is Outcome.UNTRIED
    assert "more than is read" in cut.detail


async def test_arguments_go_one_by_one_and_what_cannot_be_asked_is_not_run(
    api: Api, opened: Open
) -> None:
    """No shell sees them; an address that is none never leaves."""
    asked: list[Sequence[str]] = []
    opened(lambda argv: asked.append(argv) or StreamEnded(stderr=WELL))
    probes = [
        to("-O/etc/passwd"),
        to(id="q", kind=ProbeKind.HTTP, name="web.example", path="/$(reboot);`id`"),
        to(kind=ProbeKind.UDP, size=64),
    ]
    found = await prober(api).probe(INSIDE, probes, quiet)
    assert [each.outcome for each in found] == [Outcome.UNTRIED, Outcome.OK, Outcome.UNTRIED]
    (argv,) = asked
    assert argv[-3:] == ["--header", "Host: web.example", "http://10.42.2.32:80/$(reboot);%60id%60"]


async def test_silence_is_tried_again_and_every_probe_once_before_any_twice(
    api: Api, opened: Open
) -> None:
    """A relayed path takes its time; and where time runs out, each was tried."""
    asked: list[str] = []

    def shell(argv: Sequence[str]) -> StreamEnded:
        asked.append(argv[-1])
        if len(asked) == 1:
            return StreamEnded(stderr=b"wget: download timed out\n", code=1)
        return StreamEnded(stderr=WELL)

    opened(shell)
    found = await prober(api).probe(INSIDE, [to(tries=2, again=1), to(port=81)], quiet)
    assert [(each.outcome, each.retried) for each in found] == [
        (Outcome.OK, True),
        (Outcome.OK, False),
        (Outcome.OK, False),
    ]
    # The first command runs alone; those after it run side by side, so their order is nobody's.
    first, other = "http://10.42.2.32:80/", "http://10.42.2.32:81/"
    assert asked[:2] == [first, first]
    assert sorted(asked[2:]) == [first, other]


async def test_every_other_place_is_the_other_probers(
    cluster: Cluster, api: Api, opened: Open
) -> None:
    """Its name, what it does not see, and its refusals are handed on."""
    opened(None)
    await only_exec(cluster)
    made = prober(api)
    assert (made.name, len(made.blind)) == ("pods on demand", 1)
    with pytest.raises(ClusterError, match="deploy/components/prober"):
        await made.probe(VantagePoint("edge"), [to()], quiet)
    async with made.listening(["edge"], quiet) as ears:
        assert ears == {}


async def test_who_stops_waiting_waits_for_no_command(
    simulation: SimulatedCluster, api: Api, opened: Open
) -> None:
    begun = asyncio.Event()

    def shell(_: Sequence[str]) -> StreamEnded:
        simulation.faults.hang = True
        begun.set()
        return StreamEnded(stderr=WELL)

    opened(shell)
    probing = asyncio.create_task(prober(api).probe(INSIDE, [to(tries=9)], quiet))
    await asyncio.wait_for(begun.wait(), 20)
    probing.cancel()
    with suppress(asyncio.CancelledError):
        await probing
    assert probing.cancelled()
