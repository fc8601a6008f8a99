"""The message about an API server that is gone: harmless, and read again for what it is."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.alerting.domain.incident import Incident, Moment
from bot.alerting.domain.outage import incident_of, outage_id, stem
from bot.alerting.views import outage
from bot.domain.outage import OutageReason
from bot.sandbox.scenarios.hostile import FAKE_TOKEN
from tests.examples import examples
from tests.health.views.test_discord import assert_harmless, texts
from tests.render.strategies import hostile

OPENED = datetime(2026, 11, 1, 12, 30, 5, tzinfo=UTC)
STEM = stem("meshmedic/meshmedic", 4)
ID = outage_id(STEM, 2)
reasons = st.sampled_from(list(OutageReason))


def an_outage(error: str = "", seen: str = "", **more: OutageReason) -> Incident:
    return incident_of(ID, OPENED, error=error, seen=seen, **more)


@settings(max_examples=examples(40))
@given(reasons, hostile, hostile, st.lists(hostile, max_size=9))
def test_an_outage_of_any_error_is_a_harmless_message(
    reason: OutageReason, error: str, seen: str, lines: list[str]
):
    """Its start, its end, the answer and the board; whatever the API server says of itself."""
    begun = an_outage(error, seen, reason=reason)
    begun = replace(begun, timeline=(*begun.timeline, *(Moment(OPENED, line) for line in lines)))
    over = replace(begun, ended=OPENED + timedelta(minutes=7))
    for card in (
        outage.incident(begun),
        outage.incident(over),
        outage.incident(replace(begun, timeline=())),
        outage.end(over),
        outage.board(begun),
    ):
        assert_harmless(card)


def test_a_secret_in_the_error_is_taken_out():
    """An error may quote a header."""
    error = f"The API server answered 500: Authorization: Bearer {FAKE_TOKEN}"
    begun = an_outage(error, reason=OutageReason.ERRORS)
    assert FAKE_TOKEN not in "".join(texts(outage.incident(begun)))


def test_the_answer_says_how_long_it_lasted():
    """In minutes, as people count."""
    over = replace(an_outage(), ended=OPENED + timedelta(minutes=11, seconds=20))
    assert "answers again** after 11 min" in "".join(texts(outage.end(over)))
