"""`/mute`, `/ack` and `/unmute`."""

from tests.builders import a_pod
from tests.commands.conftest import Room, code_in, said

BROKEN = a_pod("web", waiting="CrashLoopBackOff")


async def test_an_operator_mutes_and_unmutes_a_finding_a_check_and_a_namespace(room: Room):
    """By name, until when, and why; the list shows it."""
    room.cluster.set([BROKEN])
    code = code_in(await room.viewer.slash(room.channel, "health all"))
    for what in (code, "pods", "apps"):
        made = await room.operator.slash(
            room.channel, "mute add", what=what, time="4h", reason="@everyone sleeps"
        )
        assert "muted by olga until" in said(made)
        assert "muted by olga until" in said(await room.operator.slash(room.channel, "mute list"))
        ended = await room.operator.slash(room.channel, "unmute", what=what)
        assert "muted no more" in said(ended)
        assert "Nothing is muted" in said(await room.operator.slash(room.channel, "mute list"))


async def test_a_viewer_may_not_mute_and_nonsense_is_explained(room: Room):
    """What, why, what to do."""
    refused = await room.viewer.slash(room.channel, "mute add", what="pods", time="4h")
    assert "operator role" in said(refused)
    wrong = await room.operator.slash(room.channel, "mute add", what="pods", time="soon")
    assert "such as 4h" in said(wrong)
    wrong = await room.operator.slash(room.channel, "mute add", what="nothing", time="4h")
    assert "no present finding's code" in said(wrong)


async def test_what_is_wrong_now_is_suggested_to_mute_and_ack_and_what_is_muted_to_unmute(
    room: Room,
):
    """Though nobody asked for a report. What is offered ends a mute whose finding is gone."""
    room.cluster.set([BROKEN])
    (seen,) = await room.operator.autocomplete(room.channel, "ack", "finding", "WEB")
    assert "CrashLoopBackOff" in seen["name"]
    offered = await room.operator.autocomplete(room.channel, "mute add", "what", "")
    assert offered[0] == seen
    assert {"pods", "media"} < {each["value"] for each in offered}
    assert await room.stranger.autocomplete(room.channel, "ack", "finding", "") == []
    assert await room.operator.autocomplete(room.channel, "unmute", "what", "") == []
    await room.operator.slash(room.channel, "ack", finding=seen["value"])
    await room.operator.slash(room.channel, "mute add", what="pods", time="4h")
    room.cluster.set([a_pod("web")])
    assert await room.operator.autocomplete(room.channel, "ack", "finding", "") == []
    held = await room.operator.autocomplete(room.channel, "unmute", "what", "")
    assert [each["value"] for each in held] == [seen["value"], "pods"]
    assert f"{seen['value']} · Pod apps/web: seen by olga until" in held[0]["name"]
    for each in reversed(held):
        ended = await room.operator.slash(room.channel, "unmute", what=each["value"])
        assert "muted no more" in said(ended)
        wrong = await room.operator.slash(room.channel, "unmute", what="pods")
        assert "is not muted. /mute list" in said(wrong)
