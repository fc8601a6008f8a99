"""The doctor says whether somebody notices when the bot is gone."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.doctor.domain.diagnostic import DiagnosticOutcome
from bot.doctor.domain.facts import Setup
from bot.doctor.domain.heartbeat import examine
from bot.domain.authorization import Roles
from bot.domain.heartbeat import HeartbeatFacts

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SET = Setup(1, Roles(), heartbeat=True)


def ago(**given: float) -> datetime:
    return NOW - timedelta(**given)


@pytest.mark.parametrize(
    ("facts", "outcome", "says"),
    [
        (None, DiagnosticOutcome.NOTE, "Ask /doctor"),
        (HeartbeatFacts(NOW, leads=False), DiagnosticOutcome.NOTE, "Another process"),
        (HeartbeatFacts(NOW), DiagnosticOutcome.NOTE, "first ping"),
        (HeartbeatFacts(NOW, ago(seconds=40)), DiagnosticOutcome.OK, "40 s ago"),
        (HeartbeatFacts(NOW, ago(minutes=6)), DiagnosticOutcome.FAILED, "6 min ago"),
        (HeartbeatFacts(NOW, None, "It answered 404."), DiagnosticOutcome.FAILED, "404"),
        (HeartbeatFacts(NOW, ago(seconds=70), "No session."), DiagnosticOutcome.FAILED, "70 s ago"),
    ],
)
def test_a_heartbeat_is_ok_only_while_pings_are_taken(
    facts: HeartbeatFacts | None, outcome: DiagnosticOutcome, says: str
) -> None:
    diagnostic = examine(facts, SET)
    assert diagnostic.outcome is outcome
    assert says in diagnostic.observation


def test_without_an_address_it_is_a_note_that_says_what_to_set() -> None:
    diagnostic = examine(None, Setup(1, Roles()))
    assert diagnostic.outcome is DiagnosticOutcome.NOTE
    assert "MESHMEDIC_HEARTBEAT_URL" in diagnostic.fix
