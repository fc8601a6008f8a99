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
    assert "operators" in said(refused)
    wrong = await room.operator.slash(room.channel, "mute add", what="pods", time="soon")
    assert "such as 4h" in said(wrong)
    wrong = await room.operator.slash(room.channel, "mute add", what="nothing", time="4h")
    assert "no present finding's code" in said(wrong)
