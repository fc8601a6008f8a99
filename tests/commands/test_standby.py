"""What a person sees of a process that does not lead: nothing, or the whole answer."""

import asyncio

import pytest

from bot.domain.record import read, written
from bot.domain.report import examine
from bot.health.checks import CHECKS
from bot.health.report_store import REPORT, Remembered, recalled, remembered
from tests.builders import a_pod
from tests.commands.conftest import Room, code_in, message, said
from tests.fakes import snapshot_of

BROKEN = a_pod("web", waiting="CrashLoopBackOff")
TAKEN = {"status": 400, "code": 40060, "message": "Interaction has already been acknowledged."}


@pytest.fixture
def standby(room: Room) -> Room:
    """Somebody else leads, as far as was heard."""
    room.led.leads, room.led.hesitates, room.led.another = False, 0.05, True
    return room


async def test_where_nobody_is_faster_it_answers(standby: Room):
    """The leader died a moment ago: a second later the person has an answer all the same."""
    standby.cluster.set([BROKEN])
    assert "**web**" in said(await standby.viewer.slash(standby.channel, "health all"))


async def test_where_the_leader_was_faster_not_a_word_is_said(standby: Room, caplog):
    """No second answer, no apology, nothing in private, and the cluster is not even asked."""
    caplog.set_level("INFO")
    standby.env.inject_error("POST", "/interactions/*", **TAKEN, times=1)
    result = await standby.viewer.slash(standby.channel, "health all")
    assert result.response is None
    assert list(result.followups) == []
    assert standby.cluster.asked == 0
    assert "left an interaction to another process" in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_refusal_is_left_to_the_leader_too(standby: Room):
    """Else a stranger would be refused twice."""
    standby.env.inject_error("POST", "/interactions/*", **TAKEN, times=1)
    result = await standby.stranger.slash(standby.channel, "health all")
    assert result.response is None
    assert list(result.followups) == []


async def test_a_click_is_left_to_the_leader_too(standby: Room):
    """A drilled finding is told once."""
    standby.cluster.set([BROKEN])
    shown = await standby.viewer.slash(standby.channel, "health all")
    standby.env.inject_error("POST", "/interactions/*", **TAKEN, times=1)
    chosen = await standby.viewer.select(message(shown), [code_in(shown)])
    assert list(chosen.followups) == []


async def test_a_leader_that_lost_the_race_is_silent_too(room: Room):
    """It was paused, and whoever answered meanwhile has answered."""
    room.led.head = 100.0
    room.env.inject_error("POST", "/interactions/*", **TAKEN, times=1)
    result = await room.viewer.slash(room.channel, "health all")
    assert result.response is None
    assert room.cluster.asked == 0


async def test_suggestions_are_not_given_while_another_leads(standby: Room):
    """And are again once nobody is known to."""
    standby.led.another = False
    offered = await standby.viewer.autocomplete(standby.channel, "health pods", "namespace", "ap")
    assert [each["value"] for each in offered] == ["apps"]


async def test_what_was_kept_over_a_restart_is_suggested_and_told(room: Room):
    """Before anybody asked for a report; a finding that is gone by now is told from what was."""
    report = examine(snapshot_of(BROKEN), CHECKS)
    text = written(REPORT, remembered(report))
    assert isinstance(text, str)
    kept = read(REPORT, text)
    assert isinstance(kept, Remembered)
    await room.restart()
    room.health.restore(recalled(kept))
    room.cluster.set([BROKEN])
    (offered,) = await room.viewer.autocomplete(room.channel, "why", "finding", "web")
    answer = said(await room.viewer.slash(room.channel, "why", finding=offered["value"]))
    assert "Pod apps/web" in answer


async def test_a_select_of_before_a_restart_is_about_the_report_that_it_hangs_on(room: Room):
    """The pod is well now; the message says that it was not, and the story is still told."""
    room.cluster.set([BROKEN])
    shown = await room.viewer.slash(room.channel, "health all")
    report = room.health.latest
    assert report is not None
    await room.restart()
    room.health.restore(recalled(remembered(report)))
    room.cluster.set([a_pod("web")])
    asked = room.cluster.asked
    chosen = await room.viewer.select(message(shown), [code_in(shown)])
    assert "Pod apps/web" in said(chosen)
    assert room.cluster.asked == asked


async def test_the_hesitation_is_waited_for(standby: Room):
    """A leader that is healthy has acknowledged by then."""
    loop = asyncio.get_running_loop()
    standby.led.hesitates = 0.3
    began = loop.time()
    await standby.viewer.slash(standby.channel, "health all")
    assert loop.time() - began >= 0.3
