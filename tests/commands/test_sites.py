"""`/sites`, as people use it in Discord."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from bot.routing.traefik_word import FailedRequests, TraefikWord
from tests.commands.conftest import Room, said
from tests.sites.world import (
    REFUSED,
    ROUTE,
    RULE,
    a_cluster,
    a_served_cluster,
    a_site_route,
    a_test,
)


@pytest.fixture(autouse=True)
def served(room: Room) -> None:
    room.cluster.set([*a_served_cluster(), a_site_route()])


def with_word(room: Room, word: TraefikWord) -> None:
    """Traefik says this."""

    async def says() -> TraefikWord:
        return word

    room.health.traefik = says


async def test_a_site_that_nobody_tested_is_neither_good_nor_bad(room: Room) -> None:
    """It is one line that says how to test it."""
    answer = said(await room.viewer.slash(room.channel, "sites"))
    assert answer.startswith("## ❔ 1 site, none tested yet")
    assert "1 site not tested:" in answer
    assert "To test all of them, set `MESHMEDIC_ROUTE_CHECKS`." in answer
    assert "To test one: `/net diagnose`" in answer
    assert "✅" not in answer


async def test_a_viewer_sees_what_does_not_answer_with_symptom_cause_and_place(room: Room) -> None:
    """The host first, then why and where."""
    now = datetime.now(UTC)
    requests = FailedRequests(3, REFUSED, now, first=now - timedelta(minutes=9))
    with_word(room, TraefikWord(failed={ROUTE: (requests,)}))
    answer = said(await room.viewer.slash(room.channel, "sites"))
    since = int((now - timedelta(minutes=9)).timestamp())
    assert answer.startswith("## ❌ 1 of 1 site doesn't answer")
    assert f"❌ `web.example` does not answer: `502` since <t:{since}:t>" in answer
    assert "connection refused at 10.42.1.5:80 · apps/web on attic" in answer
    assert "sites.txt" in answer


async def test_a_good_request_makes_it_answer(room: Room) -> None:
    """By the access log."""
    with_word(room, TraefikWord(answered={(ROUTE, RULE): datetime.now(UTC)}))
    answer = said(await room.viewer.slash(room.channel, "sites"))
    assert answer.startswith("## ✅ 1 of 1 site answers")
    assert "✅ `web.example` answers: a request was answered at <t:" in answer


async def test_what_only_a_test_in_private_shows_is_told_in_private_alone(room: Room) -> None:
    """In a channel the site is not tested."""
    tested = a_test(a_cluster(a_site_route()), private=True)
    tested = msgspec.structs.replace(tested, taken_at=datetime.now(UTC))
    room.health.diagnosed = lambda: (tested,)
    public = await room.viewer.slash(room.channel, "sites")
    assert "none tested yet" in said(public)
    private = await room.viewer.slash(room.channel, "sites", private=True)
    assert private.ephemeral
    assert "1 of 1 site answers" in said(private)


async def test_a_stranger_is_refused(room: Room) -> None:
    """As with every command of viewers."""
    refusal = await room.stranger.slash(room.channel, "sites")
    assert refusal.ephemeral
    assert "web.example" not in said(refusal)
