"""`/net diagnose`, as people use it in Discord, over a prober that answers as it is told."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.charts.spec import Undrawn
from bot.errors import ClusterError
from bot.sandbox.network import Broken, Network
from bot.sandbox.scenarios.homelab import healthy
from tests.commands.conftest import Room, message, said
from tests.fake_prober import FakeProber
from tests.render.strategies import HOSTILE


def pictured(result: Any) -> str:
    """What the pictures of an answer show, in words."""
    galleries = [each for each in message(result).components if each.get("items")]
    return "\n".join(item["description"] for each in galleries for item in each["items"])


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
    assert "❌" in answer
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


async def test_all_routes_are_diagnosed_at_once_and_told_by_their_cause(
    room: Room, prober: Any
) -> None:
    """The rule on edge is said once, with the sites that follow from it."""
    await prober(Broken(redirects=frozenset({("edge", 80)})))
    answer = said(await room.operator.slash(room.channel, "net diagnose", route="all"))
    assert "routes does not work: 1 cause" in answer
    assert answer.count("**A rule on Traefik's node catches the traffic**") == 1
    assert "nextcloud.lab.example.org" in answer


async def test_all_is_suggested_first_and_its_button_asks_for_all_again(
    room: Room, prober: Any
) -> None:
    await prober()
    offered = await room.operator.autocomplete(room.channel, "net diagnose", "route", "al")
    assert "all" in str(offered[0])
    first = await room.operator.slash(room.channel, "net diagnose", route="all media")
    again = await room.operator.click(message(first), label="Test again")
    assert "immich" in said(again)
    assert "nextcloud" not in said(again)


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
        assert "operator role" in said(refused)
    assert not fake.asked
    found = await room.operator.autocomplete(room.channel, "net diagnose", "route", "nextc")
    assert any("nextcloud" in choice["value"] for choice in found)


async def test_the_matrix_names_the_broken_node_in_words(room: Room, prober: Any) -> None:
    await prober(Broken(overlay_down=frozenset({"cabin-pi"})))
    answer = said(await room.operator.slash(room.channel, "net matrix"))
    assert "❌ Some nodes do not reach others" in answer
    assert "Nothing gets to or from cabin-pi by pod IP" in answer.replace("\u200b", "")
    assert "matrix.txt" in answer
    assert "Heat map of" in pictured(await room.operator.slash(room.channel, "net matrix"))


async def test_the_picture_is_prepared_before_there_is_anything_to_draw(
    room: Room, prober: Any
) -> None:
    """Loading the library takes a second: the time in which the nodes are tested."""
    await prober()
    await room.operator.slash(room.channel, "net matrix")
    assert room.cluster.drawing == ["prepare", "draw"]


async def test_without_its_picture_the_matrix_is_told_in_letters_with_the_reason(
    room: Room, prober: Any
) -> None:
    await prober(Broken(overlay_down=frozenset({"cabin-pi"})))
    room.cluster.drawn = Undrawn("It was not drawn within 30 s.")
    result = await room.operator.slash(room.channel, "net matrix")
    assert "No picture: It was not drawn" in said(result)
    assert "P pod IP" in said(result)
    assert not pictured(result)


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("net diagnose", {"route": "nextcloud.lab.example.org"}),
        ("net matrix", {}),
        ("net matrix", {"node": "edge"}),
        ("net test", {"from": "edge", "to": "http://nextcloud.productivity"}),
    ],
)
async def test_a_test_can_be_made_again_after_a_restart_by_operators_only(
    room: Room, prober: Any, command: str, options: dict[str, str]
) -> None:
    """The new answer stands below the old one."""
    await prober()
    first = await room.operator.slash(room.channel, command, **options)
    fake = await prober(Broken(overlay_down=frozenset({"edge"})))
    refused = await room.viewer.click(message(first), label="Test again")
    assert "operator role" in said(refused)
    assert not fake.asked
    again = await room.operator.click(message(first), label="Test again")
    assert "❌" in said(again)
    assert message(again).id != message(first).id
    assert "✅" in said(first)


async def test_what_was_asked_in_private_is_tested_again_in_private(
    room: Room, prober: Any
) -> None:
    await prober()
    first = await room.operator.slash(room.channel, "net matrix", private=True)
    assert first.ephemeral
    assert (await room.operator.click(message(first), label="Test again")).ephemeral


async def test_a_matrix_of_one_node_and_of_none(room: Room, prober: Any) -> None:
    await prober()
    answer = said(await room.operator.slash(room.channel, "net matrix", node="edge"))
    assert "✅ All nodes reach each other" in answer
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
    assert "operator role" in said(await room.viewer.slash(room.channel, "net matrix"))


async def test_one_request_is_told_step_by_step(room: Room, prober: Any) -> None:
    await prober()
    asked = {"from": "edge", "to": "nextcloud.productivity:80"}
    answer = said(await room.operator.slash(room.channel, "net test", **asked))
    assert "✅ It is reached" in answer
    assert "HTTP 200" in answer
    assert "**not tested**" in answer


async def test_start_and_goal_are_suggested_to_operators(room: Room, prober: Any) -> None:
    await prober()
    starts = await room.operator.autocomplete(room.channel, "net test", "from", "edge")
    assert any(each["value"] == "node/edge" for each in starts)
    goals = await room.operator.autocomplete(room.channel, "net test", "to", "nextc")
    assert any(each["value"].startswith("nextcloud.productivity:") for each in goals)
    refused = await room.viewer.slash(room.channel, "net test", **{"from": "edge", "to": "x:1"})
    assert "operator role" in said(refused)


@pytest.mark.parametrize("typed", HOSTILE)
async def test_whatever_is_typed_as_a_goal_gets_an_answer_that_mentions_nobody(
    room: Room, prober: Any, typed: str
) -> None:
    await prober()
    asked = {"from": typed or "?", "to": typed or "?"}
    answer = said(await room.operator.slash(room.channel, "net test", **asked))
    assert answer
    assert "<@123456789012345678>" not in answer
    assert "@everyone" not in answer
