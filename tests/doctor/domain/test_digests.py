"""The last digest: good, lost, overdue, not seen, and none at all."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.digest.domain.records import DigestFacts, DigestSchedule, DigestState, RunRecord, RunStage
from bot.digest.domain.schedule import Timetable
from bot.doctor.domain.diagnostic import DiagnosticOutcome
from bot.doctor.domain.digests import examine
from bot.domain.refusal import NotObserved

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAILY = DigestSchedule(name="daily", channel=7, when=Timetable(8, 0), began=NOW - timedelta(days=9))


def a_turn(stage: RunStage, day: int = 2) -> RunRecord:
    at = datetime(2026, 3, day, 8, tzinfo=UTC)
    return RunRecord(day=date(2026, 3, day), due=at, stage=stage, at=at)


def facts(book: Any) -> DigestFacts:
    return DigestFacts(book, (), ZoneInfo("UTC"), NOW)


@pytest.mark.parametrize(
    ("book", "outcome", "words"),
    [
        (DigestState(), DiagnosticOutcome.NOTE, "No digest is set up"),
        (NotObserved("The API server is away."), DiagnosticOutcome.UNOBSERVED, "is away"),
        (DigestState().with_schedule(DAILY), DiagnosticOutcome.FAILED, "daily was due 4 h ago"),
        (
            DigestState().with_schedule(DAILY).with_run("daily", a_turn(RunStage.SENT)),
            DiagnosticOutcome.OK,
            "daily of 2026-03-02 is sent, 4 h ago",
        ),
        (
            DigestState().with_schedule(DAILY).with_run("daily", a_turn(RunStage.LOST)),
            DiagnosticOutcome.FAILED,
            "did not accept the one of 2026-03-02",
        ),
        (
            DigestState().with_schedule(DAILY).with_run("daily", a_turn(RunStage.CLAIMED)),
            DiagnosticOutcome.FAILED,
            "no sign that it was posted",
        ),
    ],
)
def test_the_last_digest_is_told_with_its_fix(
    book: Any, outcome: DiagnosticOutcome, words: str
) -> None:
    found = examine(facts(book))
    assert (found.outcome, found.name) == (outcome, "last digest")
    assert words in found.observation
    assert bool(found.fix) or outcome is not DiagnosticOutcome.FAILED


def test_one_of_the_settings_that_no_process_knows_of_yet_owes_nothing() -> None:
    found = examine(DigestFacts(DigestState(), (DAILY,), ZoneInfo("UTC"), NOW))
    assert found.outcome is DiagnosticOutcome.NOTE
