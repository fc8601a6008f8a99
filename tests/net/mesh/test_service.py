"""The use case behind the matrix: who listens, who tries whom, and who could not."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from bot.domain.verdict import Verdict
from bot.errors import ClusterError, InputError
from bot.net.diagnosis.observation import VantagePoint
from bot.net.mesh.matrix import By
from bot.net.mesh.service import NOT_READY, TOO_LATE, Mesh
from bot.net.probing.protocol import (
    SECONDS,
    ListenerAddress,
    Outcome,
    Probe,
    ProbeAnswer,
    ProbedBackend,
    Progress,
    Vip,
)
from bot.sandbox.network import Network
from tests.builders import an_object
from tests.fake_prober import FakeProber
from tests.fakes import FakeCluster


def quiet(_: str) -> None:
    """Nobody waits."""


def nodes(count: int) -> FakeCluster:
    return FakeCluster([an_object("Node", f"n{i:03}", namespace="") for i in range(count)])


@dataclass
class Mended(FakeProber):
    """All well, but for what a test breaks: silent nodes hang, failing ones cannot be probed."""

    network: Network = field(default_factory=Network)
    hangs: frozenset[str] = frozenset()
    deaf: frozenset[str] = frozenset()
    without_vips: bool = False
    untried: bool = False
    late: Callable[[str, Probe], bool] = lambda _node, _probe: False
    given: list[tuple[str, float]] = field(default_factory=list)
    at_work: int = 0
    begun: list[str] = field(default_factory=list)

    async def probe(
        self, source: VantagePoint, probes: Sequence[Probe], progress: Progress
    ) -> tuple[ProbeAnswer, ...]:
        """Well, in the name of whatever is asked."""
        self.at_work += 1
        self.begun.append(source.node)
        try:
            if source.node in self.hangs:
                await asyncio.sleep(3600)
            await asyncio.sleep(0)
            if self.fails:
                raise self.fails
            self.given += [(source.node, each.seconds) for each in probes if each.address]
            return tuple(
                ProbeAnswer(id=each.id, outcome=self._end(source.node, each), connected=5.0)
                for each in probes
            )
        finally:
            self.at_work -= 1

    def _end(self, node: str, probe: Probe) -> Outcome:
        if self.late(node, probe):
            return Outcome.TIMEOUT
        return Outcome.UNTRIED if self.untried else Outcome.OK

    @asynccontextmanager
    async def listening(
        self, nodes: Sequence[str], progress: Progress
    ) -> AsyncIterator[Mapping[str, ListenerAddress]]:
        """Wherever nobody is deaf."""
        heard = [node for node in nodes if node not in self.deaf]
        yield {node: ListenerAddress(node, f"10.42.0.{i}", 8473) for i, node in enumerate(heard)}

    @asynccontextmanager
    async def sole_vips(
        self, backends: Sequence[ProbedBackend], progress: Progress
    ) -> AsyncIterator[Mapping[ProbedBackend, Vip]]:
        """One a backend, or none."""
        vips = {each: Vip(f"10.43.0.{i}", each.port) for i, each in enumerate(backends)}
        yield {} if self.without_vips else vips


async def test_each_node_tries_each_other_in_every_way() -> None:
    found = await Mesh(nodes(4), Mended()).measure(quiet)
    assert found.verdict is Verdict.HEALTHY
    assert len(found.cells) == 4 * 3 * 4
    assert {each.source for each in found.dns} == set(found.nodes)


async def test_of_one_node_only_its_row_and_its_column_are_tried() -> None:
    found = await Mesh(nodes(60), Mended()).measure(quiet, "n007")
    assert found.verdict is Verdict.HEALTHY
    assert all("n007" in pair for pair in found.wanted)
    assert len(found.wanted) == 2 * 59


async def test_without_temporary_services_the_vip_is_said_to_be_untested() -> None:
    found = await Mesh(nodes(3), Mended(without_vips=True)).measure(quiet)
    assert found.verdict is Verdict.UNKNOWN
    assert found.untested == {By.VIP: 6}


async def test_a_node_without_a_listener_still_tries_the_others() -> None:
    found = await Mesh(nodes(3), Mended(deaf=frozenset({"n001"}))).measure(quiet)
    assert found.unseen == (("n001", "no test pod could start there"),)
    assert any(each.source == "n001" for each in found.cells)
    assert found.verdict is Verdict.UNKNOWN


@pytest.mark.slow
async def test_a_node_that_takes_too_long_costs_only_its_own_row() -> None:
    prober = Mended(hangs=frozenset({"n002"}))
    found = await Mesh(nodes(4), prober, trying=1.0).measure(quiet)
    assert found.unseen == (("n002", TOO_LATE),)
    assert {each.source for each in found.cells} == {"n000", "n001", "n003"}
    assert prober.at_work == 0


async def test_what_the_prober_could_not_begin_is_not_seen_and_not_broken() -> None:
    found = await Mesh(nodes(3), Mended(untried=True)).measure(quiet)
    assert found.cells == ()
    assert found.verdict is Verdict.UNKNOWN


async def test_a_slow_pair_is_given_the_time_of_a_relayed_path() -> None:
    """It is well then; and nobody else is tried again."""

    def late(node: str, probe: Probe) -> bool:
        return node == "n001" and probe.address.endswith(".2") and probe.seconds < SECONDS

    prober = Mended(late=late)
    found = await Mesh(nodes(4), prober).measure(quiet)
    assert found.verdict is Verdict.HEALTHY
    assert {node for node, seconds in prober.given if seconds == SECONDS} == {"n001"}
    assert len(found.cells) == 4 * 3 * 4


async def test_a_dead_node_is_not_waited_for_twice() -> None:
    def late(node: str, probe: Probe) -> bool:
        return node == "n002" or probe.address.endswith(".2")

    prober = Mended(late=late)
    found = await Mesh(nodes(4), prober).measure(quiet)
    assert found.verdict is Verdict.FAILED
    assert max(seconds for _, seconds in prober.given) < SECONDS


async def test_on_a_node_that_is_not_ready_nothing_is_started() -> None:
    cluster = nodes(3)
    gone = {"conditions": [{"type": "Ready", "status": "Unknown"}]}
    cluster.set(
        [
            *(an_object("Node", f"n{i:03}", namespace="") for i in range(3)),
            an_object("Node", "n003", namespace="", status=gone),
        ]
    )
    prober = Mended()
    found = await Mesh(cluster, prober).measure(quiet)
    assert found.unseen == (("n003", NOT_READY),)
    assert "n003" not in prober.begun
    assert found.verdict is Verdict.UNKNOWN


async def test_the_nodes_that_have_tried_are_counted() -> None:
    prober, said = Mended(), list[str]()
    await Mesh(nodes(40), prober).measure(said.append)
    assert said[-1] == "40 of 40 nodes have tried."


async def test_a_node_that_does_not_exist_and_no_prober_are_told() -> None:
    with pytest.raises(InputError, match="No node `x`"):
        await Mesh(nodes(2), Mended()).measure(quiet, "x")
    with pytest.raises(ClusterError, match="no prober"):
        await Mesh(nodes(2)).measure(quiet)
    with pytest.raises(ClusterError, match="can't see any node"):
        await Mesh(nodes(0), Mended()).measure(quiet)
