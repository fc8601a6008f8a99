"""`/net diagnose`, as people use it in Discord, over a prober that answers as it is told."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.core.network.observation import Source, Stance
from bot.core.network.probing import (
    Answer,
    Backend,
    Heard,
    Listener,
    Probe,
    Progress,
    Vip,
)
from bot.errors import ClusterError
from bot.sandbox.network import Broken, Network, Place
from bot.sandbox.scenarios.homelab import healthy
from tests.commands.conftest import Room, said
from tests.render.strategies import HOSTILE

EAR = 8473


@dataclass
class FakeProber:
    """Pods on demand of a network that is made up; `fails` is raised where it is asked."""

    network: Network
    name: str = "pods on demand"
    blind: tuple[str, ...] = ()
    fails: ClusterError | None = None
    asked: list[Source] = field(default_factory=list)

    async def probe(
        self, source: Source, probes: Sequence[Probe], progress: Progress
    ) -> tuple[Answer, ...]:
        """By the network."""
        self.asked.append(source)
        if self.fails or source.stance is not Stance.POD:
            raise self.fails or ClusterError("Only pods can be had.")
        return tuple(
            answer
            for probe in probes
            for answer in self.network.answers(source.node, probe, host=False)
        )

    @asynccontextmanager
    async def listening(
        self, nodes: Sequence[str], progress: Progress
    ) -> AsyncIterator[Mapping[str, Listener]]:
        """One a node."""
        made = {node: Listener(node, f"10.42.{250 + i}.1", EAR) for i, node in enumerate(nodes)}
        for node, each in made.items():
            self.network.places[each.address] = Place(node, frozenset({EAR}), node, listens=True)
        yield made

    async def heard(self, listener: Listener) -> tuple[Heard, ...] | None:
        """Nothing can be read."""
        return None

    @asynccontextmanager
    async def sole_vips(
        self, backends: Sequence[Backend], progress: Progress
    ) -> AsyncIterator[Mapping[Backend, Vip]]:
        """One a backend."""
        made = {
            each: Vip(f"10.43.250.{number}", each.port) for number, each in enumerate(backends, 1)
        }
        self.network.vips |= {
            (vip.address, vip.port): [(each.address, each.port)] for each, vip in made.items()
        }
        yield made


Break = Callable[[Broken], FakeProber]


@pytest.fixture
def prober(room: Room) -> Any:
    """A homelab in the room, and a way to break its network."""
    lab = healthy(datetime.now(UTC))
    known = {"Pod", "Node", "Service", "EndpointSlice", "IngressRoute", "Ingress", "NetworkPolicy"}
    room.cluster.set(each for each in lab.objects if each["kind"] in known)

    async def begin(broken: Broken = Broken()) -> FakeProber:  # noqa: B008  # frozen
        network = Network(broken)
        network.learn(lab.of("Node"), lab.of("Pod"), lab.of("Service"), lab.of("EndpointSlice"))
        room.cluster.prober = FakeProber(network)
        await room.restart()
        return room.cluster.prober

    return begin


async def test_an_operator_learns_where_a_route_breaks_and_what_nativelb_would_do(
    room: Room, prober: Any
) -> None:
    await prober(Broken(redirects=frozenset({("edge", 80)})))
    answer = said(
        await room.operator.slash(room.channel, "net diagnose", route="nextcloud.lab.example.org")
    )
    assert "🔴" in answer
    assert "nativeLB would help" in answer
    assert "**What to do**" in answer
    assert "**not tested**" in answer
    assert "diagnosis.txt" in answer


async def test_a_route_that_works_is_said_to_need_nothing(room: Room, prober: Any) -> None:
    await prober()
    answer = said(
        await room.operator.slash(room.channel, "net diagnose", route="nextcloud.lab.example.org")
    )
    assert "nativeLB would help" not in answer


async def test_a_prober_that_may_not_probe_leaves_it_inconclusive_and_says_why(
    room: Room, prober: Any
) -> None:
    """Never healthy: it was not seen."""
    fake = await prober()
    fake.fails = ClusterError("May not create jobs. Add deploy/components/prober.")
    answer = said(
        await room.operator.slash(room.channel, "net diagnose", route="nextcloud.lab.example.org")
    )
    assert "❔ Inconclusive" in answer
    assert "deploy/components/prober" in answer


async def test_without_a_prober_the_objects_alone_never_prove_health(room: Room, prober: Any):
    await prober()
    room.cluster.prober = None
    await room.restart()
    answer = said(
        await room.operator.slash(room.channel, "net diagnose", route="nextcloud.lab.example.org")
    )
    assert "❔ Inconclusive" in answer


async def test_a_route_that_does_not_exist_is_told_with_those_that_may_be_meant(
    room: Room, prober: Any
) -> None:
    await prober()
    answer = said(await room.operator.slash(room.channel, "net diagnose", route="nexcloud"))
    assert "No route or Service" in answer
    assert "nextcloud" in answer


@pytest.mark.parametrize("typed", HOSTILE)
async def test_whatever_is_typed_gets_an_answer_that_mentions_nobody(
    room: Room, prober: Any, typed: str
) -> None:
    await prober()
    answer = said(await room.operator.slash(room.channel, "net diagnose", route=typed or "?"))
    assert answer
    assert "<@123456789012345678>" not in answer
    assert "@everyone" not in answer


async def test_only_operators_probe_and_are_given_suggestions(room: Room, prober: Any) -> None:
    fake = await prober()
    for person in (room.viewer, room.stranger):
        refused = await person.slash(room.channel, "net diagnose", route="nextcloud")
        assert refused.ephemeral
        assert "operators" in said(refused)
    assert not fake.asked
    found = await room.operator.autocomplete(room.channel, "net diagnose", "route", "nextc")
    assert any("nextcloud" in choice["value"] for choice in found)


async def test_the_matrix_names_the_broken_node_in_words(room: Room, prober: Any) -> None:
    await prober(Broken(overlay_down=frozenset({"cabin-pi"})))
    answer = said(await room.operator.slash(room.channel, "net matrix"))
    assert "🔴 Some nodes do not reach others" in answer
    assert "Nothing gets to or from cabin-pi by pod IP" in answer.replace("\u200b", "")
    assert "matrix.txt" in answer


async def test_a_matrix_of_one_node_and_of_none(room: Room, prober: Any) -> None:
    await prober()
    answer = said(await room.operator.slash(room.channel, "net matrix", node="edge"))
    assert "🟢 Everything gets through" in answer
    wrong = said(await room.operator.slash(room.channel, "net matrix", node="nowhere"))
    assert "There is no node" in wrong


async def test_without_a_prober_there_is_no_matrix_and_the_component_is_named(
    room: Room, prober: Any
) -> None:
    fake = await prober()
    fake.fails = ClusterError("May not create jobs. Add deploy/components/prober.")
    answer = said(await room.operator.slash(room.channel, "net matrix"))
    assert "❔ Not everything could be seen" in answer
    assert "deploy/components/prober" in answer
    assert "operators" in said(await room.viewer.slash(room.channel, "net matrix"))
