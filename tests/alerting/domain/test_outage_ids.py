"""An outage's message is read again: by its component ids, and by the text that 0.1.0 wrote."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.alerting.domain import outage
from bot.alerting.domain.incident import Incident, identify
from bot.alerting.domain.outage import FoundOutage, incident_of, outage_id, stem
from bot.domain.finding import Finding, Ref
from bot.domain.posting import COMPONENT_IDS, component_id
from bot.domain.verdict import Verdict

OURS, OTHERS = stem("meshmedic/meshmedic", 4), stem("meshmedic/meshmedic", 5)
OPENED = datetime(2026, 11, 23, 12, tzinfo=UTC)
moments = st.integers(0, 33 * 365 * 24 * 3600).map(
    lambda seconds: datetime(2020, 2, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


def ids_of(incident: Incident) -> list[int]:
    """The component ids of its message: two of the bot, and those that Discord counts out."""
    return [component_id(incident.id), outage.detail(incident), 1, 2, 3]


@given(st.sampled_from(outage.NUMBERS), moments, st.booleans())
def test_the_ids_say_which_outage_it_is_since_when_and_whether_it_is_over(
    number: int, opened: datetime, ended: bool
):
    """To the second, for any outage of a term; another term's is not it."""
    incident = incident_of(outage_id(OURS, number), opened)
    incident = replace(incident, ended=opened + timedelta(hours=1) if ended else None)
    ids = ids_of(incident)
    assert all(id_ in COMPONENT_IDS for id_ in ids[:2])
    found = outage.by_components(ids, 7, outage.ids_by_component((OTHERS, OURS)))
    assert found == FoundOutage(incident.id, 7, opened, over=ended)
    assert outage.by_components(ids, 7, outage.ids_by_component((OTHERS,))) is None


@given(st.lists(st.one_of(st.none(), st.integers(0, 2**31 - 1)), max_size=6))
def test_no_other_message_is_an_outage(ids: list[int | None]):
    """Even if its mark had the id of one: the second id is one that Discord counted out."""
    known = outage.ids_by_component((OURS,))
    assert outage.by_components(ids, 7, {}) is None
    for mark in (next(iter(known)), *ids):
        assert outage.by_components([mark, 1, *ids], 7, known) is None


def test_an_incident_that_was_no_outage_has_one_id_alone():
    """So nobody takes it for one."""
    subject = Ref("Node", "", "home-1")
    head = Finding(
        check="nodes", subject=subject, verdict=Verdict.FAILED, reason="NotReady", message=""
    )
    id_ = identify(head.key, OPENED)
    incident = Incident(id=id_, head=head, keys=(head.key,), opened=OPENED, worst=Verdict.FAILED)
    assert outage.detail(incident) == 0


@pytest.mark.parametrize("year", [1970, 2019, 2055])
def test_a_clock_that_is_wrong_by_years_makes_no_id_that_discord_rejects(year: int):
    """The message is still found by its mark."""
    incident = incident_of(outage_id(OURS, 1), OPENED.replace(year=year))
    assert outage.detail(incident) == 0


@pytest.mark.parametrize(
    ("text", "over"),
    [
        (f"-# since <t:1795435200:R> · incident 1-{OURS}", False),
        (f"-# since <t:1795435200:R> · incident 1-{OURS} · over", True),
        (f"-# since <t:1795435200:R> · 7r0am7j · 3 downstream · incident 1-{OURS}", False),
    ],
)
def test_a_message_of_an_earlier_version_is_read_by_its_last_line(text: str, over: bool):
    """As 0.1.0 wrote it, also while only what was left of the outage lasted."""
    found = outage.by_text(f"## something\n{text}", 7, (OTHERS, OURS))
    assert found == FoundOutage(f"1-{OURS}", 7, OPENED, over=over)
    assert outage.by_text(text, 7, (OTHERS,)) is None


@given(st.text(max_size=80))
def test_no_other_text_is_an_outage(text: str):
    """Nor the board and the answer of 0.1.0, which named it too."""
    for line in (
        text,
        f"`{text} incident 1-{OURS}`",
        f"-# 1-{OURS}-end",
        f"-# seen <t:1795435200:R> · 1-{OURS}",
    ):
        assert outage.by_text(line, 7, (OURS,)) is None
