"""By what a message of the bot is known again."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.alerting.discord_channel import LOG_SECONDS
from bot.chat.channel import SECONDS
from bot.domain import posting
from bot.domain.posting import COMPONENT_IDS, LONGEST_NONCE, PATIENCE

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@given(st.text(min_size=1, max_size=200))
def test_any_mark_has_a_component_id_and_a_nonce_that_discord_takes(mark: str):
    """The id is of 32 bits with a sign, and none of the first that Discord gives by itself."""
    assert posting.component_id(mark) in COMPONENT_IDS
    assert COMPONENT_IDS[-1] == 2**31 - 1
    assert COMPONENT_IDS[0] > 1000
    assert 1 <= len(posting.nonce(mark)) <= LONGEST_NONCE


def test_marks_that_differ_have_ids_that_differ():
    """A hundred thousand of them; some two pairs alike would be chance, and many no hash."""
    marks = {f"{number:016x}-end" for number in range(100_000)}
    assert len({posting.component_id(mark) for mark in marks}) > len(marks) - 10
    assert len({posting.nonce(f"meshmedic:digest:{mark}") for mark in marks}) == len(marks)


def test_a_claimed_message_is_left_alone_for_a_while_by_either_clock():
    """A clock that was set back makes nobody wait for ever."""
    for ahead in (-1, 1):
        assert posting.left_alone(NOW, NOW + ahead * (PATIENCE - timedelta(seconds=1)))
        assert not posting.left_alone(NOW, NOW + ahead * PATIENCE)


def test_a_claim_lasts_longer_than_its_message_takes():
    """Or the next leader looks for an alert before it has arrived, and posts it again."""
    assert PATIENCE.total_seconds() > LOG_SECONDS + 2 * SECONDS
