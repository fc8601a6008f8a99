"""Alerts are total: whatever the cluster says, each message is valid and means nothing else."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.alerting.domain.incident import Alerts, Incident, MessageRecord, Moment, Pending, Thread
from bot.alerting.views import discord as discord_alert
from bot.chat.channel import complaint
from bot.domain.finding import Finding, Ref
from bot.domain.report import Report
from bot.domain.snapshot import Gap, Why
from bot.domain.verdict import Verdict
from tests.examples import examples
from tests.health.views.test_discord import assert_harmless, texts
from tests.render.discord_markdown import read
from tests.render.strategies import NOW, findings, hostile, reports

ID = "0123456789abcdef"
UNKNOWN = Finding(
    check="pods",
    subject=Ref("Pod", "apps", "web"),
    verdict=Verdict.UNKNOWN,
    reason="NodeLost",
    message="",
)
told = st.lists(st.builds(Moment, st.just(NOW), hostile), max_size=20).map(tuple)
threads = st.sampled_from([Thread(), Thread(told=1, post=MessageRecord(1, ID, NOW, 2), upto=1)])


@st.composite
def incidents(draw: Any) -> Incident:
    head = draw(findings)
    return Incident(
        id=ID,
        head=head,
        keys=(head.key, "pods/Pod/apps/other"),
        opened=NOW,
        worst=Verdict.FAILED,
        ended=draw(st.sampled_from([None, NOW])),
        flapping=draw(st.booleans()),
        timeline=draw(told),
        thread=draw(threads),
    )


@settings(max_examples=examples(30))
@given(incidents(), reports)
def test_an_alert_of_anything_is_a_harmless_message(one: Incident, report: Any):
    """Its start, its end, what is told in its thread, a summary, and the board."""
    assert_harmless(discord_alert.incident(one))
    assert_harmless(discord_alert.end(replace(one, ended=NOW)))
    assert_harmless(discord_alert.timeline(one.timeline))
    assert_harmless(discord_alert.summary((one,) * 40))
    assert_harmless(discord_alert.board(report, Alerts((one,) * 40)))


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (Report(NOW, (), (), {"Pod": 3}), "No open incident."),
        (
            Report(NOW, (), (Gap("Certificate", Why.NOT_INSTALLED),), {"Pod": 3}),
            "No open incident.",
        ),
        (Report(NOW), "I see nothing now"),
        (Report(NOW, (), (Gap("Pod", Why.UNREACHABLE),)), "I see nothing now"),
        (Report(NOW, (), (Gap("Pod", Why.STALE),), {"Pod": 3}), "I cannot see `Pod` now"),
        (Report(NOW, (), (Gap("Pod", Why.FORBIDDEN),), {"Node": 3}), "I cannot see `Pod` now"),
        (Report(NOW, (UNKNOWN,), (), {"Pod": 3}), "I can't check 1 object"),
    ],
)
def test_the_board_says_that_there_is_no_incident_only_where_all_is_seen(report: Report, said: str):
    """Else it says what is not."""
    shown = "\n".join(texts(discord_alert.board(report, Alerts())))
    assert said in shown
    assert ("No open incident" in shown) == said.startswith("No open")


PROBLEM = Report(NOW, (replace(UNKNOWN, verdict=Verdict.FAILED),), (), {"Pod": 3})


@pytest.mark.parametrize(
    ("report", "state", "said"),
    [
        (PROBLEM, Alerts(), "1 known problem, nothing new"),
        (PROBLEM, Alerts(pending=(Pending(UNKNOWN.key, NOW),)), "1 problem ·"),
        (
            dataclasses.replace(PROBLEM, gaps=(Gap("Certificate", Why.FORBIDDEN),)),
            Alerts(),
            "1 problem ·",
        ),
        (
            dataclasses.replace(PROBLEM, gaps=(Gap("Certificate", Why.NOT_INSTALLED),)),
            Alerts(),
            "nothing new",
        ),
    ],
)
def test_the_board_says_that_nothing_is_new_only_where_that_is_known(
    report: Report, state: Alerts, said: str
):
    """Not while a problem waits out its grace, or a kind can't be seen."""
    shown = "\n".join(texts(discord_alert.board(report, state)))
    assert said in shown
    assert ("nothing new" in shown) == ("nothing new" in said)


@given(incidents())
def test_the_name_of_a_thread_fits_and_is_one_line(one: Incident):
    """Discord takes 1 to 100 characters."""
    name = discord_alert.thread_name(one)
    assert 1 <= len(name) <= 100
    assert name.isprintable()


@given(hostile)
def test_why_a_channel_is_lost_is_said_without_what_it_might_mean(why: str):
    """But for the channel itself, which is to be clicked."""
    (text,) = texts(complaint(7, why))
    assert read(text).live.count("mention") == 1
    assert set(read(text.replace("<#7>", "")).live) <= {"style"}
