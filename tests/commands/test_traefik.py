"""`/traefik`, as people use it in Discord."""

import pytest

from bot.errors import ClusterError
from tests.commands.conftest import Room, message, said
from tests.traefik.world import EDGE, POD, STALE, a_runtime, created, refused, world


@pytest.fixture(autouse=True)
def served(room: Room) -> None:
    room.cluster.set(world())
    room.cluster.traefik.replicas = (EDGE,)
    lines = created(POD) + refused() * 3
    room.cluster.traefik.logs = {"traefik-1": lines.encode()}


async def test_a_viewer_sees_every_route_verdict_first(room: Room) -> None:
    """How each is reached, which Traefik, where its view comes from, and the whole as a file."""
    answer = said(await room.viewer.slash(room.channel, "traefik routes"))
    assert answer.startswith(
        "## ✅ No problem found in 2 routes\n2 routes (2 by pod IPs) · Traefik"
    )
    assert "✅ `ingressroute/apps/site` is valid · pod IPs" in answer
    assert "❔ traefik-1: Traefik's API is not switched on. Switch it on." in answer
    assert "traefik-routes.txt" in answer


async def test_a_stale_server_is_the_first_thing_that_is_said(room: Room) -> None:
    room.cluster.traefik.runtimes = {"traefik-1": a_runtime(POD, STALE)}
    answer = said(await room.viewer.slash(room.channel, "traefik routes"))
    assert answer.startswith("## ⚠️ 1 of 2 routes has a problem")
    assert answer.index("⚠️ `ingressroute/apps/site`") < answer.index("✅ `ingress/apps/site`")
    assert "which is in no EndpointSlice now." in answer


async def test_an_operator_reads_failures_by_route(room: Room) -> None:
    result = await room.operator.slash(room.channel, "traefik logs", since="15m")
    answer = said(result)
    assert answer.startswith("## ❌ 3 requests to 2 routes failed")
    assert "502 connection refused at `10.42.1.7:8080`" in answer
    assert answer.count("10.42.1.7:8080") == 1
    assert "`10.42.1.7:8080` on home-1 · last" in answer
    assert "last 15 min · 4 lines" in answer
    assert room.cluster.traefik.asked[-1].seconds == 900
    assert "traefik-log.txt" in answer
    assert message(result).components


async def test_logs_are_for_operators(room: Room) -> None:
    for person in (room.viewer, room.stranger):
        refusal = await person.slash(room.channel, "traefik logs")
        assert refusal.ephemeral
        assert "operator role" in said(refusal)
        assert room.cluster.traefik.asked == []


async def test_one_route_is_described_with_its_servers(room: Room) -> None:
    answer = said(
        await room.viewer.slash(room.channel, "traefik describe", route="ingressroute/apps/site")
    )
    assert answer.startswith("## ✅ IngressRoute `apps/site` is valid")
    assert "→ apps/web:80 by pod IPs" in answer
    assert "pod apps/web-1 on home-1 (Service apps/web)" in answer


async def test_a_name_that_means_two_routes_is_answered_with_both(room: Room) -> None:
    answer = said(await room.viewer.slash(room.channel, "traefik describe", route="site"))
    assert "2 routes" in answer.replace("\u200b", "")
    assert "ingress/apps/site" in answer.replace("\u200b", "")


async def test_what_is_no_time_is_explained(room: Room) -> None:
    answer = said(await room.operator.slash(room.channel, "traefik logs", since="soon"))
    assert "isn't a duration" in answer


async def test_routes_are_suggested_to_viewers_and_to_nobody_else(room: Room) -> None:
    def choices(person):
        return person.autocomplete(room.channel, "traefik describe", "route", "ingressroute")

    found = await choices(room.viewer)
    assert [each["value"] for each in found] == ["ingressroute/apps/site"]
    assert await choices(room.stranger) == []


async def test_a_traefik_that_cannot_be_listed_is_no_error_of_the_bot(room: Room) -> None:
    room.cluster.traefik.fails = ClusterError("pods is forbidden")
    answer = said(await room.viewer.slash(room.channel, "traefik routes"))
    assert answer.startswith("## ❔ No running Traefik found")
    assert "❔ Traefik's pods: pods is forbidden" in answer
