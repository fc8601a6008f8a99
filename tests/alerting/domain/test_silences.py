"""Mutes: what somebody typed, what it covers, until when."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.alerting.domain.silences import LONGEST, MOST, Mute, Mutes, length
from bot.domain.finding import Finding, Ref
from bot.domain.refusal import Refusal
from bot.domain.verdict import Verdict

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
WEB = Finding(
    check="pods", subject=Ref("Pod", "apps", "web"), verdict=Verdict.FAILED, reason="X", message=""
)


def a_mute(**more: str) -> Mute:
    return Mute(by="olga", since=NOW, until=NOW + timedelta(hours=1), **more)


def test_a_mute_covers_a_finding_a_namespace_or_a_check_until_its_time():
    """And says by whom and until when."""
    for mute in (a_mute(finding=WEB.key), a_mute(namespace="apps"), a_mute(check="pods")):
        muted = Mutes().with_one(mute).muted([WEB], NOW)
        assert muted == {WEB.key: "muted by olga until 2026-11-26 13:00 UTC"}
        assert Mutes((mute,)).muted([WEB], NOW + timedelta(hours=1)) == {}
    assert Mutes((a_mute(namespace="media"), a_mute(check="nodes"))).muted([WEB], NOW) == {}


def test_muting_the_same_again_takes_the_place_of_the_first_and_unmuting_ends_it():
    """One mute a target."""
    mutes = Mutes().with_one(a_mute(check="pods")).with_one(a_mute(check="pods", reason="again"))
    assert [each.reason for each in mutes.mutes] == ["again"]
    assert mutes.without("check pods") == Mutes()


def test_mutes_are_bounded():
    """The oldest goes."""
    mutes = Mutes()
    for number in range(MOST + 5):
        mutes = mutes.with_one(a_mute(namespace=f"n{number}"))
    assert len(mutes.mutes) == MOST


def test_a_length_of_time_is_a_number_and_a_unit():
    """As people write it."""
    assert length("4h") == timedelta(hours=4)
    assert length(" 2 D ") == timedelta(days=2)
    assert isinstance(length("91d"), Refusal)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_bounded_time_or_a_word_why_not(typed):
    """No error, no overflow, nothing longer than the bound."""
    found = length(typed)
    assert isinstance(found, Refusal) or timedelta() < found <= LONGEST
