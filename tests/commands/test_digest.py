"""`/digest`, as people use it in Discord, and what the bot posts by itself, in a real client."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot.chat.channel import Channels, ChannelUnavailable, Unsent
from bot.digest.discord_channel import DiscordDigestChannel
from bot.digest.domain.diff import BASES
from bot.digest.domain.records import DigestPlan, DigestSchedule, mark
from bot.digest.domain.schedule import Timetable
from bot.digest.ports import DigestMessage
from bot.digest.views import discord as discord_digest
from bot.domain.verdict import Verdict
from bot.history.domain.record import HISTORY, History, PastIncident, Point
from bot.runtime.memory_store import Unkept
from commands.digest import refresh_button as button
from tests.builders import a_kustomization, a_pod
from tests.commands.conftest import Room, make_client, message, parts, said, text_of
from tests.render.strategies import HOSTILE

START = datetime(2025, 12, 31, tzinfo=UTC)
"""A day before the simulated Discord begins."""

BROKEN = [a_pod(waiting="CrashLoopBackOff"), a_kustomization(suspend=True)]


@pytest.fixture
async def digests(room: Room) -> Any:
    """The digests of the client that is connected."""
    return room.client.digests  # type: ignore[attr-defined]


def mailing(room: Room) -> DiscordDigestChannel:
    return DiscordDigestChannel(Channels(room.client), button.rows)


async def a_letter(room: Room, day: int = 1, **told: Any) -> DigestMessage:
    letter: DigestMessage = await room.client.digests.now()  # type: ignore[attr-defined]
    slot = datetime(2026, 1, day, tzinfo=UTC).date()
    told = {"mark": mark("daily", slot), **told}
    return replace(letter, **told)


async def test_an_operator_sees_what_changed_and_what_is_open(room: Room) -> None:
    room.cluster.set(BROKEN)
    answer = said(await room.operator.slash(room.channel, "digest now"))
    assert "**New** (2)" in answer
    assert "is crash-looping" in answer
    assert "**Still open** (1)\nKustomization flux-system/apps: suspended" in answer
    assert "digest.txt" in answer


async def test_a_viewer_may_look_but_not_post(room: Room) -> None:
    posted = await room.viewer.slash(room.channel, "digest now")
    assert "operator role" in said(posted)
    looked = await room.viewer.slash(room.channel, "digest now", dry_run=True)
    assert "Digest" in said(looked)
    assert message(looked).flags.ephemeral


async def test_by_hand_it_looks_as_by_the_clock_here_for_all_or_for_the_asker_alone(
    room: Room, digests: Any
) -> None:
    """The base stays: what was new is new again, until the clock's own digest tells it."""
    now = datetime.now(UTC)
    await digests.set_up(
        DigestSchedule(name="daily", channel=room.channel.id, when=Timetable(8, 0), began=now)
    )
    healthy = await room.operator.slash(room.channel, "digest now", name="daily")
    assert said(healthy).startswith("✅ **Daily digest** · all healthy: 1 object checked")
    room.cluster.set(BROKEN)
    for dry_run in (True, False):
        asked = await room.operator.slash(
            room.channel, "digest now", name="daily", scope="flux", dry_run=dry_run
        )
        assert "**New** (1)" in said(asked)
        assert "is crash-looping" not in said(asked)
        assert bool(message(asked).flags.ephemeral) is dry_run
    assert await digests.store.read(BASES) is None
    assert not (await digests.state()).turns


@pytest.mark.parametrize("what", ["pause", "resume", "remove", "set"])
async def test_who_may_only_look_changes_no_schedule(room: Room, what: str) -> None:
    answer = said(await room.viewer.slash(room.channel, f"digest {what}", name="daily"))
    assert "operator role" in answer


async def test_a_digest_is_set_up_changed_paused_and_removed(room: Room, digests: Any) -> None:
    operator, channel = room.operator, room.channel
    answer = said(
        await operator.slash(
            channel, "digest set", name="media", time="07:15 mon-fri", scope="pods"
        )
    )
    assert "`media`" in answer
    assert "`07:15 mon,tue,wed,thu,fri`" in answer
    await operator.slash(channel, "digest set", name="media", only_changes=True)
    listed = said(await room.viewer.slash(channel, "digest list"))
    assert "**media**" in listed
    assert "pods · only changes" in listed
    assert "07:15" in listed
    monthly = said(await operator.slash(channel, "digest set", name="media", time="0 8 1 * *"))
    assert "`0 8 1 * *`" in monthly
    assert (await digests.every())["media"].only_changes
    await operator.slash(channel, "digest pause", name="media")
    assert "paused" in said(await room.viewer.slash(channel, "digest list"))
    await operator.slash(channel, "digest resume", name="media")
    assert not (await digests.every())["media"].paused
    await operator.slash(channel, "digest remove", name="media")
    assert "No digest is set up" in said(await room.viewer.slash(channel, "digest list"))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"name": "media", "time": "25:00"}, "Write a time such as"),
        ({"name": "media", "time": "8:00 someday"}, "is not a day"),
        ({"name": "media", "time": "*/5 8 * * *"}, "this would fire several times"),
        ({"name": "media", "time": "0 8 32 * *"}, "'32' is not a day of the month"),
        ({"name": "Daily digest", "time": "8:00"}, "small letters"),
        ({"name": "media"}, "media is new"),
    ],
)
async def test_what_cannot_be_set_up_is_refused_with_what_can(
    room: Room, given: dict[str, str], why: str
) -> None:
    assert why in said(await room.operator.slash(room.channel, "digest set", **given))


async def test_a_namespace_that_is_not_there_is_set_and_said(room: Room) -> None:
    """It may come later; a slip of the finger would else never be noticed."""
    given = {"name": "media", "time": "07:15"}
    there = await room.operator.slash(room.channel, "digest set", **given, namespace="apps")
    assert "No namespace" not in said(there)
    gone = await room.operator.slash(room.channel, "digest set", **given, namespace="medai")
    assert "No namespace `medai`. Known: " in said(gone)


async def test_a_due_digest_is_posted_once_and_found_again_by_what_it_carries(
    room: Room, digests: Any
) -> None:
    room.cluster.set(BROKEN)
    now = datetime(2026, 3, 1, 9, tzinfo=UTC)
    digests.composer.clock = lambda: now
    await digests.set_up(
        DigestSchedule(name="daily", channel=room.channel.id, when=Timetable(8, 0), began=now)
    )
    now += timedelta(days=1)
    await digests.turn()
    await digests.turn()
    (posted,) = room.channel.history()
    assert "**New** (2)" in text_of(posted)
    postbox = mailing(room)
    day = now.date()
    assert await postbox.find(room.channel.id, mark("daily", day), START) == posted.id
    assert await postbox.find(room.channel.id, mark("daily", day - timedelta(1)), START) is None
    history = said(await room.viewer.slash(room.channel, "digest history"))
    assert "`daily` 2026-03-02 **sent**, late" in history


async def test_a_brief_line_is_edited_in_place(room: Room) -> None:
    postbox = mailing(room)
    sent = await postbox.send(room.channel.id, await a_letter(room, brief=True))
    assert isinstance(sent, int)
    assert (
        await postbox.edit(room.channel.id, sent, await a_letter(room, day=2, brief=True)) is True
    )
    (posted,) = room.channel.history()
    assert "all healthy: 1 object checked" in text_of(posted)
    assert await postbox.find(room.channel.id, mark("daily", date(2026, 1, 2)), START)
    assert await postbox.edit(room.channel.id, 1234567, await a_letter(room, brief=True)) is False


async def test_a_whole_digest_is_renewed_by_its_last_line_alone(room: Room) -> None:
    """Its news, picture, file and button stay, and two looks leave one time."""
    room.cluster.set(BROKEN)
    postbox = mailing(room)
    sent = await postbox.send(
        room.channel.id, await a_letter(room, picture=b"a picture", alt="Seven days.")
    )
    assert isinstance(sent, int)
    (posted,) = room.channel.history()
    before = text_of(posted)
    for day in (1, 2):
        at = datetime(2026, 1, day, 8, tzinfo=UTC)
        assert await postbox.renew(room.channel.id, sent, at) is True
    (posted,) = room.channel.history()
    after = text_of(posted)
    now = " · nothing new when last looked, <t:1767340800:f>"
    assert after.replace(now, "") == before
    assert len(after) - len(before) == len(now) <= discord_digest.RENEWED
    shown = str(parts(posted))
    assert "digest.txt" in shown
    assert "health.png" in shown
    assert await postbox.find(room.channel.id, mark("daily", date(2026, 1, 1)), START) == sent
    clicked = await room.viewer.click(posted, label="Health now")
    assert "is crash-looping" in said(clicked)


async def test_what_cannot_be_renewed_is_said_by_a_line_of_its_own(room: Room) -> None:
    """Deleted, no digest, not to be read, not taken: each is False, and none is a lost channel."""
    postbox, now = mailing(room), datetime.now(UTC)
    place = room.channel.id
    assert await postbox.renew(place, 1234567, now) is False
    brief = await postbox.send(place, await a_letter(room, brief=True))
    assert isinstance(brief, int)
    assert await postbox.renew(place, brief, now) is False
    room.cluster.set(BROKEN)
    whole = await postbox.send(place, await a_letter(room))
    assert isinstance(whole, int)
    path = "/channels/*/messages/*"
    room.env.inject_error("GET", path, status=403, code=50001, message="Missing Access")
    assert await postbox.renew(place, whole, now) is False
    room.env.inject_error("PATCH", path, status=400, code=50035, message="Invalid Form Body")
    assert await postbox.renew(place, whole, now) is False
    room.env.inject_error("GET", path, status=404, code=10003, message="Unknown Channel")
    with pytest.raises(ChannelUnavailable):
        await postbox.renew(place, whole, now)
    room.env.inject_error("PATCH", path, status=503)
    with pytest.raises(Unsent):
        await postbox.renew(place, whole, now)


async def test_a_channel_that_is_gone_and_a_discord_that_is_away_are_told_apart(room: Room) -> None:
    postbox = mailing(room)
    with pytest.raises(ChannelUnavailable, match="was deleted"):
        await postbox.send(200_000_000_000_000_099, await a_letter(room))
    path = "/channels/*/messages"
    room.env.inject_error("POST", path, status=403, code=50013, message="Missing Permissions")
    with pytest.raises(ChannelUnavailable, match="Missing Permissions"):
        await postbox.send(room.channel.id, await a_letter(room))
    room.env.inject_error("POST", path, status=503)
    with pytest.raises(Unsent):
        await postbox.send(room.channel.id, await a_letter(room))


async def test_a_digest_that_discord_rejects_is_posted_by_its_counts_and_its_file(
    room: Room,
) -> None:
    """A word that anybody chose for an object keeps no digest from Discord."""
    room.cluster.set(BROKEN)
    postbox, where = mailing(room), room.channel.id
    path = "/channels/*/messages"
    room.env.inject_error("POST", path, status=400, code=200000, message="Message blocked")
    sent = await postbox.send(where, await a_letter(room))
    (posted,) = room.channel.history()
    assert posted.id == sent == await postbox.find(where, mark("daily", date(2026, 1, 1)), START)
    shown = text_of(posted)
    assert "2 new" in shown
    assert "rejected the text" in shown
    assert "apps" not in shown
    assert "digest.txt" in str(parts(posted))


async def test_the_button_tells_the_health_of_now_also_after_a_restart(room: Room) -> None:
    room.cluster.set(BROKEN)
    await mailing(room).send(room.channel.id, await a_letter(room))
    await room.restart()
    (posted,) = room.channel.history()
    clicked = await room.viewer.click(posted, label="Health now")
    assert "is crash-looping" in said(clicked)


async def test_a_picture_stands_below_with_its_words(room: Room, digests: Any) -> None:
    room.cluster.set(BROKEN)
    now = datetime.now(UTC)
    hour = int(now.timestamp()) // 3600
    points = tuple(Point(hour - ago, "hhhhh-f" if ago < 5 else "hhhhh-h") for ago in range(100))
    began = now - timedelta(hours=5)
    incident = PastIncident("routes/IngressRoute/apps/web", began, None, Verdict.FAILED)
    await digests.store.change(HISTORY, lambda _: History(points, (incident,)))
    answer = await room.operator.slash(room.channel, "digest now")
    galleries = [each for each in message(answer).components if each.get("items")]
    (shown,) = [item["description"] for each in galleries for item in each["items"]]
    assert shown.startswith("Timeline: Hours without a fault, last 7 days. 1 incident")
    assert "routes 95.0 %" in shown
    assert "web 5 h" in shown
    assert "hours without any fault: pods 100 %" in said(answer)


async def test_a_report_that_is_too_long_is_cut_and_the_whole_is_a_file(room: Room) -> None:
    room.cluster.set([a_pod(f"web-{number}-" + "x" * 200, waiting="Boom") for number in range(300)])
    answer = await room.operator.slash(room.channel, "digest now")
    text = said(answer)
    assert len(text) < 4000
    assert "more in the file" in text
    assert "digest.txt" in text


async def test_hostile_text_stays_text(room: Room) -> None:
    room.cluster.set([a_pod(waiting=" ".join(HOSTILE))])
    answer = said(await room.operator.slash(room.channel, "digest now"))
    outside = "".join(answer.split("`")[::2])
    assert "@everyone" not in outside
    assert "](http" not in outside


async def test_the_settings_digest_is_listed_with_its_zone(room: Room) -> None:
    plan = DigestPlan(channel=room.channel.id, weekly=Timetable(18, 0, (6,)))
    client = make_client(room.health, room.cluster, room.roles, room.led, plan=plan)
    room.client = client
    await room.env.restart_bot(client)
    listed = said(await room.viewer.slash(room.channel, "digest list"))
    assert "**daily** `08:00`" in listed
    assert "**weekly** `18:00 sun`" in listed
    assert "with trends" in listed


async def test_a_store_that_is_full_drops_the_oldest_of_the_history() -> None:
    store = Unkept()
    began = datetime(2026, 1, 1, tzinfo=UTC)
    many = tuple(
        PastIncident("pods/Pod/apps/" + f"{number:0253}", began + timedelta(hours=number))
        for number in range(2000)
    )
    await store.change(HISTORY, lambda _: History((), many))
    kept = await store.read(HISTORY)
    assert kept is not None
    assert kept.dropped > 0
    assert kept.incidents == many[kept.dropped :]
