"""The channels that the settings name, in which the bot posts by itself."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bot.doctor.domain import channels, permissions
from bot.doctor.domain.diagnostic import Diagnostic, DiagnosticOutcome
from bot.doctor.domain.facts import Channel
from bot.domain.refusal import NotObserved
from tests.doctor.domain.seen import NEEDED, SERVER, SETUP, failed_with_fix

ALERTS = "MESHMEDIC_ALERT_CHANNEL"
OPS, ELSEWHERE = 300_000_000_000_000_003, 300_000_000_000_000_004
ALERTING = replace(SETUP, channels={ALERTS: OPS})


def told(
    allowed: frozenset[str],
    number: int = OPS,
    named: Mapping[int, bool | NotObserved] | None = None,
) -> dict[str, Diagnostic]:
    """Both diagnostics of channels, where the settings name one that allows this."""
    server = replace(SERVER, channels=(Channel("ops", allowed, number),))
    closed = dict(channels.examine(server.channels, named or {}, ALERTING))
    found = (*permissions.examine(server, None, (), closed), *closed.values())
    return {each.name: each for each in found}


def test_an_open_channel_is_no_topic_of_its_own():
    """Nor is it for an administrator, to whom Discord allows everything."""
    assert ALERTS not in told(NEEDED)
    assert ALERTS not in told(frozenset({"administrator"}))


@pytest.mark.parametrize("flag", ["send_messages", "embed_links"])
def test_a_channel_in_which_the_bot_cannot_post_is_told_once_with_its_setting(flag: str):
    """The line for all channels leaves it out."""
    found = told(NEEDED - {flag})
    title = {"send_messages": "Send Messages", "embed_links": "Embed Links"}[flag]
    assert failed_with_fix(found[ALERTS], f"cannot post in #ops: it lacks {title}.", "Permissions")
    assert found["channels"].outcome is DiagnosticOutcome.OK
    assert "in the others" in found["channels"].observation


def test_a_channel_that_does_not_exist_is_told_with_its_id():
    """It was deleted, or is another server's."""
    found = told(NEEDED, ELSEWHERE)[ALERTS]
    assert failed_with_fix(found, f"{OPS} is not a channel of this server", f"set {ALERTS}")


def test_a_thread_or_voice_channel_is_a_note_and_one_that_was_not_read_is_not_seen():
    """The bot posts there by the id, and the list of text channels has neither."""
    found = told(NEEDED, ELSEWHERE, {OPS: True})
    assert "in the others" not in found["channels"].observation
    note = found[ALERTS]
    assert note.outcome is DiagnosticOutcome.NOTE
    assert "a thread or a voice channel" in note.observation
    lost = told(NEEDED, ELSEWHERE, {OPS: NotObserved("Discord answered with 500.")})[ALERTS]
    assert lost.outcome is DiagnosticOutcome.UNOBSERVED
    assert "500" in lost.observation
    gone = told(NEEDED, ELSEWHERE, {OPS: False})[ALERTS]
    assert gone.outcome is DiagnosticOutcome.FAILED


def test_channels_that_could_not_be_read_are_told_by_the_line_for_all():
    assert list(channels.examine(NotObserved("no answer"), {}, ALERTING)) == []
