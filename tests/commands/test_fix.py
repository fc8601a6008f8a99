"""`/fix`, as people use it in Discord: cards, buttons, who may, and what a restart does to them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.app.remediation import clock
from bot.chat.channel import Channels
from bot.chat.lost_channels import LostChannels
from bot.net.diagnosis.diagnosis import Effect
from bot.remediation.change.states import ChangeState
from bot.routing.native_lb import ANNOTATION
from commands.fix.announcements import Announcer
from tests.commands.conftest import GUILD, Room, message, parts, said, text_of
from tests.remediation.changes import ASKED, SERVICE, World, answers
from tests.remediation.planning.situations import a_service, with_effect
from tests.render.discord_markdown import read
from tests.wire.messages import walk


@pytest.fixture
async def world(room: Room) -> World:
    """A world of changes behind the room's commands."""
    made = World(now=datetime.now(UTC))
    made.tell = room.cluster.announce  # type: ignore[method-assign]
    room.cluster.remediation = made.process()
    room.cluster.remediation.roles = room.roles
    await room.restart()
    return made


def buttons(shown: Any) -> dict[str, str]:
    """The custom ids of a message's buttons by their labels."""
    return {part["label"]: part["custom_id"] for part in walk(parts(shown)) if part.get("label")}


async def propose(room: Room, **more: str) -> Any:
    return message(await room.operator.slash(room.channel, "fix route", route=ASKED, **more))


async def press(room: Room, person: Any, shown: Any, label: str) -> Any:
    return await person.click(shown, custom_id=buttons(shown)[label])


def card(room: Room, shown: Any) -> Any:
    """The same message as it is now."""
    (found,) = [each for each in room.channel.history() if each.id == shown.id]
    return found


async def test_a_proposal_shows_evidence_difference_risks_and_who_may_approve(
    room: Room, world: World
) -> None:
    shown = await propose(room)
    text = text_of(shown)
    for part in (
        "⏸️ Fix proposed: `web.example`",
        "Turn on nativeLB (Service annotation) · `Ingress apps/web`",
        "**Cause (proven):** ",
        f"+{ANNOTATION}: 'true'",
        "1 risk and ",
        "An approver can approve it until <t:",
        "Now: 20 of 20 requests failed with HTTP 502",
    ):
        assert part in text
    assert list(buttons(shown)) == [
        "Approve",
        "Reject",
        "Details",
        "Instead: Replace the Ingress with IngressRoutes",
    ]
    assert not world.writer.effects


async def test_an_approver_presses_and_the_card_tells_the_end(room: Room, world: World) -> None:
    shown = await propose(room)
    told = await press(room, room.approver, shown, "Approve")
    assert told.ephemeral
    await room.cluster.remediation.reconciler.wait()  # type: ignore[union-attr]
    await room.env.settle()
    now = card(room, shown)
    text = text_of(now)
    assert "✅ Works again: `web.example`" in text
    assert f"Approved by <@{room.approver.id}>" in text
    assert "Requests were made." in text
    assert "works around the network fault" in text
    assert list(buttons(now)) == ["Roll back", "Details"]
    assert world.annotation() == "true"


@pytest.mark.parametrize("label", ["Approve", "Reject"])
async def test_nobody_else_decides(room: Room, world: World, label: str) -> None:
    """Operators propose; they do not approve. The roles of the click count."""
    shown = await propose(room)
    for person in (room.operator, room.viewer, room.stranger):
        refused = await press(room, person, shown, label)
        assert refused.ephemeral
        assert "approver role" in said(refused)
    assert not world.writer.effects
    (change,) = world.store.kept.values()
    assert change.state is ChangeState.PROPOSED


async def test_discord_is_asked_which_roles_a_person_has_now(room: Room, world: World) -> None:
    """Every member has @everyone, which has the server's id; who is no member has nothing."""
    approver, operator = room.roles.roles["approvers"], room.roles.roles["operators"]
    assert await room.client.present_roles(room.approver.id) == {GUILD, approver}
    assert await room.client.present_roles(room.operator.id) == {GUILD, operator}
    assert await room.client.present_roles(room.stranger.id) == {GUILD}
    assert await room.client.present_roles(4) is None


async def test_buttons_work_after_a_restart(room: Room, world: World) -> None:
    """They carry a name; all else is looked up."""
    shown = await propose(room)
    await room.restart()
    await press(room, room.approver, shown, "Reject")
    await room.env.settle()
    text = text_of(card(room, shown))
    assert "Fix rejected" in text
    assert list(buttons(card(room, shown))) == ["Details"]


async def test_roll_back_by_the_button_takes_it_back(room: Room, world: World) -> None:
    shown = await propose(room)
    await press(room, room.approver, shown, "Approve")
    await room.env.settle()
    await press(room, room.approver, card(room, shown), "Roll back")
    await room.env.settle()
    assert "Fix rolled back" in text_of(card(room, shown))
    assert world.annotation() is None


async def test_what_somebody_changed_since_is_said_and_left(room: Room, world: World) -> None:
    shown = await propose(room)
    await press(room, room.approver, shown, "Approve")
    await room.env.settle()
    world.writer.put(SERVICE, a_service(metadata={"annotations": {ANNOTATION: "false"}}))
    name = next(iter(world.store.kept))
    refused = await room.approver.slash(room.channel, "fix rollback", change=name)
    assert "Someone else changed" in said(refused)


async def test_changed_evidence_shows_a_new_card_to_everybody(room: Room, world: World) -> None:
    room.client.cluster_name = "attic"
    shown = await propose(room)
    world.context_reader.more = {"diagnosis": with_effect(Effect.UNKNOWN)}
    told = await press(room, room.approver, shown, "Approve")
    await room.env.settle()
    assert "evidence has changed" in text_of(told.response)
    newest = room.channel.history()[-1]
    assert "as a trial" in text_of(newest)
    assert "attic · " in text_of(newest)
    assert "Approve" in buttons(newest)
    assert "Fix rejected" in text_of(card(room, shown))
    assert not world.writer.effects


async def test_another_way_is_a_button_for_approvers(room: Room, world: World) -> None:
    shown = await propose(room)
    label = "Instead: Replace the Ingress with IngressRoutes"
    assert "approver role" in said(await press(room, room.operator, shown, label))
    other = await press(room, room.approver, shown, label)
    text = said(other)
    assert "Create IngressRoute apps/web" in text
    assert "Once the new route is proven, delete Ingress apps/web" in text


async def test_what_is_refused_says_why_and_what_instead(room: Room, world: World) -> None:
    world.context_reader.more = {"diagnosis": with_effect(Effect.USELESS)}
    text = text_of(await propose(room))
    assert "⚠️ No fix proposed for `web.example`" in text
    assert "Fix the cause itself: `/net diagnose` says how." in text
    world.context_reader.more = {}
    world.verifier.before = answers(200, 20)
    assert "Nothing fails now" in text_of(await propose(room))
    assert not world.store.kept


async def test_list_shows_each_way_and_why_not_the_others(room: Room, world: World) -> None:
    found = await room.operator.slash(room.channel, "fix list", route=ASKED)
    text = said(found)
    assert "Available fixes for `web.example`" in text
    assert "**Turn on nativeLB (Service annotation)**: supported" in text
    assert "Only an IngressRoute has the nativeLB field" in text
    assert not any(label.startswith("Instead") for label in buttons(found.response))
    assert not world.store.kept


async def test_details_are_the_whole_as_a_file(room: Room, world: World) -> None:
    shown = await propose(room)
    found = await press(room, room.viewer, shown, "Details")
    assert found.ephemeral
    assert "change.txt" in said(found)
    assert "**Risks**" in said(found)
    assert "**Evidence**" in said(found)


async def test_status_and_history_name_every_change(room: Room, world: World) -> None:
    shown = await propose(room)
    open_ones = said(await room.viewer.slash(room.channel, "fix status"))
    assert "Fix proposed" in open_ones
    name = next(iter(world.store.kept))
    assert "Fix proposed" in said(await room.viewer.slash(room.channel, "fix status", change=name))
    await press(room, room.approver, shown, "Reject")
    assert "No open fixes" in said(await room.viewer.slash(room.channel, "fix status"))
    assert "Fix rejected" in said(await room.viewer.slash(room.channel, "fix history"))
    missing = await room.viewer.slash(room.channel, "fix status", change="nothing")
    assert "no change" in said(missing)


async def test_a_change_with_hostile_words_mentions_nobody_and_breaks_no_fence(
    room: Room, world: World
) -> None:
    """Whatever the cluster says."""
    evil = "```@everyone <@123456789012345678> [a](http://x) `x`"
    diagnosis = with_effect(Effect.HELPS)
    hostile = type(diagnosis)(
        row=diagnosis.row,
        confidence=diagnosis.confidence,
        because=evil,
        effect=diagnosis.effect,
        effect_because=evil,
    )
    world.context_reader.more = {"diagnosis": hostile}
    world.writer.put(SERVICE, a_service(metadata={"annotations": {ANNOTATION: evil}}))
    text = text_of(await propose(room))
    assert text.count("```") == 2
    before, _, rest = text.partition("```")
    outside = before + rest.partition("```")[2]
    outside = outside.replace(f"<@{room.operator.id}>", "who asked")
    assert not {"mention", "link"} & set(read(outside).live)


async def test_the_audit_channel_hears_of_each_end(room: Room, world: World) -> None:
    """One message a move that matters."""
    audit = room.channel
    room.cluster.audit_channel = audit.id
    await room.restart()
    shown = await propose(room)
    await press(room, room.approver, shown, "Approve")
    await room.env.settle()
    heard = json.dumps([text_of(each) for each in audit.history()])
    assert "**Fix approved** by" in heard
    assert "**Works again**" in heard


async def test_a_lost_audit_channel_is_reported_to_the_owner_once(room: Room, world: World) -> None:
    """However many changes move; what moved is in the log and in the history."""
    assert room.channel.guild
    owner = room.channel.guild.create_text_channel("owner")
    await propose(room)
    (change,) = await world.store.every()
    channels = Channels(room.client, GUILD)
    for _ in range(3):
        lost = LostChannels(room.store, channels, owner.id)
        await Announcer(channels, lost, clock, audit_channel=lambda: 12345).announce(change)
        await room.env.settle()
    (word,) = owner.history()
    assert "<#12345>" in text_of(word)


async def test_a_card_in_a_channel_that_the_bot_cannot_see_loses_no_channel(
    room: Room, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Commands work there. The owner hears nothing, and what is posted there is still tried."""
    assert room.channel.guild
    owner = room.channel.guild.create_text_channel("owner")
    await propose(room)
    (change,) = await world.store.every()
    channels = Channels(room.client, GUILD)
    lost = LostChannels(room.store, channels, owner.id)
    path = f"/channels/{room.channel.id}/messages/*"
    room.env.inject_error("PATCH", path, status=403, code=50001, message="Missing Access")
    await Announcer(channels, lost, clock, audit_channel=lambda: None).announce(change)
    await room.env.settle()
    assert f"the card of change {change.name} is not up to date" in caplog.text
    assert not owner.history()
    assert not lost.leaves_alone([room.channel.id])


async def test_an_audit_entry_for_a_channel_that_is_left_alone_is_in_the_log(
    room: Room, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """It is not posted later, so somebody must be able to see that it is missing."""
    await propose(room)
    (change,) = await world.store.every()
    channels = Channels(room.client, GUILD)
    announcer = Announcer(
        channels, LostChannels(room.store, channels), clock, audit_channel=lambda: 12345
    )
    for _ in range(2):
        await announcer.announce(change)
        await room.env.settle()
    assert caplog.text.count("the audit entry") == 2


async def test_without_a_place_in_the_cluster_it_says_what_to_set(room: Room) -> None:
    answer = await room.viewer.slash(room.channel, "fix status", change="x")
    assert "MESHMEDIC_STATE_NAMESPACE" in read(said(answer)).text
