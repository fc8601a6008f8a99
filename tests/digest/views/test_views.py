"""Digests are total: whatever the cluster says, the message is valid and means nothing else."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from discord.ui import ActionRow, Button
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.charts.spec import Undrawn
from bot.digest.domain.diff import DiffEntry, Difference, GoneEntry, base
from bot.digest.domain.digest import Digest, compose
from bot.digest.domain.open_items import Expiring, Nodes, OpenItem, StandingItem
from bot.digest.domain.records import RunRecord, RunStage
from bot.digest.views import discord as discord_digest
from bot.digest.views import json as json_digest
from bot.digest.views import text as told
from bot.domain.finding import Finding, Ref
from bot.domain.report import Report
from bot.domain.snapshot import Gap, Why
from bot.domain.verdict import HOUR, Verdict
from bot.history.domain.trends import AreaHours, ProblemTrend, Trends
from bot.history.views import uptime
from tests.examples import examples
from tests.health.views.test_discord import assert_harmless, texts
from tests.history.views.test_uptime import a_site
from tests.render.strategies import NOW, hostile, moments, reports

refs = st.builds(Ref, st.sampled_from(["HelmRelease", "Pod"]), hostile, hostile)
standings = st.builds(
    StandingItem,
    st.lists(st.builds(OpenItem, refs, hostile, moments), max_size=4).map(tuple),
    st.lists(st.builds(Expiring, refs, st.just(NOW)), max_size=4).map(tuple),
    st.one_of(st.none(), st.just(Nodes(3, 2, 1))),
)
troubles = st.builds(
    ProblemTrend, hostile, st.integers(1, 9), st.timedeltas(min_value=0 * (NOW - NOW))
)
site_uptimes = st.builds(
    a_site,
    hostile,
    st.tuples(st.integers(0, 8), st.integers(5, 9), st.integers(0, 5)),
    st.tuples(st.integers(0, 31), st.integers(5, 9), st.integers(0, 5)),
)
known_trends = st.builds(
    Trends,
    st.just(168),
    st.integers(0, 168),
    st.just((AreaHours("pods", 10, 9),)),
    st.integers(0, 9),
    flapping=st.lists(troubles, max_size=6).map(tuple),
    worst=st.lists(troubles, max_size=5).map(tuple),
    sites=st.lists(site_uptimes, max_size=12).map(tuple),
)


@st.composite
def digests(draw: Any) -> Digest:
    report = draw(reports)
    before = draw(st.one_of(st.none(), reports.map(lambda each: base(each, None))))
    keys = [each.key for each in report.findings]
    muted = draw(st.dictionaries(st.sampled_from(keys), hostile)) if keys else {}
    return compose(
        "daily",
        report,
        draw(standings),
        before,
        threshold=draw(st.sampled_from(list(Verdict))),
        due=draw(moments),
        muted=muted,
        approvals=tuple(draw(st.lists(hostile, max_size=3))),
        trends=draw(st.one_of(st.none(), known_trends)),
    )


@pytest.mark.slow
@settings(max_examples=examples(40))
@given(digests())
def test_a_digest_of_anything_is_a_harmless_message(each: Digest):
    """Also its one line, and as a text without a control character."""
    assert_harmless(discord_digest.digest(each, Undrawn("It was not drawn.")))
    assert_harmless(discord_digest.brief(each))
    assert_harmless(discord_digest.withheld(each))
    text = told.text(each)
    assert text.isprintable() or not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", text)


def full() -> Digest:
    """Three hundred of everything, with the longest names that Kubernetes takes."""

    def many(reason: str, verdict: Verdict) -> tuple[DiffEntry, ...]:
        return tuple(
            DiffEntry(
                Finding(
                    check="pods",
                    subject=Ref("Pod", "n" * 63, f"{reason.lower()}-{number}-{'x' * 200}"),
                    verdict=verdict,
                    reason=reason,
                    message="m" * 900,
                ),
                downstream=number,
                since=NOW - timedelta(days=number),
                was=Verdict.UNKNOWN,
            )
            for number in range(300)
        )

    def gone(reason: str) -> tuple[GoneEntry, ...]:
        return tuple(
            GoneEntry(f"pods/Pod/apps/{reason}-{number}-{'x' * 200}", reason, Verdict.FAILED, NOW)
            for number in range(300)
        )

    subjects = [Ref("Certificate", "apps", f"tls-{number}-{'x' * 200}") for number in range(300)]
    trouble = tuple(
        ProblemTrend(f"pods/Pod/apps/worst-{number}-{'x' * 200}", 9, timedelta(hours=9 - number))
        for number in range(5)
    )
    return Digest(
        name="d" * 31,
        report=Report(
            NOW, gaps=tuple(Gap(f"Kind{n}", Why.FORBIDDEN, "x" * 300) for n in range(99))
        ),
        difference=Difference(
            new=many("New", Verdict.FAILED),
            worse=many("Worse", Verdict.FAILED),
            same=many("Same", Verdict.DEGRADED),
            better=many("Better", Verdict.DEGRADED),
            fixed=gone("fixed"),
            lost=gone("lost"),
            first=True,
            forgotten=10_000,
        ),
        standing=StandingItem(
            tuple(OpenItem(each, "suspended", NOW) for each in subjects),
            tuple(Expiring(each, NOW, NOW) for each in subjects),
            Nodes(300, 2, 1),
        ),
        due=NOW,
        muted=tuple(f"muted-{number}" for number in range(300)),
        approvals=tuple(f"approval-{number}" for number in range(300)),
        trends=Trends(
            hours=168,
            unseen=9,
            areas=(AreaHours("pods", 9, 8),),
            incidents=99,
            recovery=HOUR,
            flapping=trouble,
            worst=trouble,
            restarts=1234,
            sites=tuple(
                a_site(f"{number}.{'x' * 240}", (8, 11_520, 9), (31, 44_640, 9))
                for number in range(500)
            ),
        ),
    )


@pytest.mark.slow
def test_an_over_long_digest_is_cut_to_discords_limits_and_whole_in_its_file():
    """4,000 characters and 40 components, its picture and a later renewal included."""
    each = full()
    card = discord_digest.digest(each, b"a picture", "Seven days.", [ActionRow(Button(label="x"))])
    assert_harmless(card)
    assert "rest is in the file" in "\n".join(texts(card))
    file = {one.name: one.content for one in card.files}["digest.txt"].decode()
    parts = each.difference
    for entry in (*parts.new, *parts.worse, *parts.same, *parts.better):
        assert entry.finding.subject.name in file
    for name in ("fixed-299-", "lost-299-", "tls-299-", "muted-299", "approval-299", "Kind11"):
        assert name in file
    assert discord_digest.renewed(card.view, NOW)
    assert_harmless(card)
    assert_harmless(discord_digest.brief(each))


def test_what_was_sent_and_the_trends_of_many_sites_fit_into_one_message():
    """Fewer sites have a line where there is less room, and the last line counts the others."""
    run = RunRecord(
        day=NOW.date(), due=NOW, stage=RunStage.UNCHANGED, at=NOW, by="x", message=1, late=True,
        findings=10_000, new=10_000,
    )  # fmt: skip
    trends = full().trends
    assert trends
    for runs, spelled in ((1, 10), (15, 3), (20, 1)):
        card = discord_digest.history([("d" * 31, run)] * runs, trends)
        assert_harmless(card)
        shown = "\n".join(texts(card))
        assert len(re.findall(r"^• `\d+\.x", shown, re.MULTILINE)) >= spelled
        assert "more with 99.92 % or more in 7 days" in shown
    assert len(re.findall(r"^• `\d+\.x", shown, re.MULTILINE)) < uptime.SHOWN


def test_the_trends_are_told_with_all_five_of_the_worst():
    """Hours by area, what was not seen, mean time to recovery, restarts, flapping, the longest."""
    lines = list(
        told.trend_lines(
            Trends(
                168,
                12,
                (AreaHours("pods", 100, 95), AreaHours("nodes", 0, 0), AreaHours("flux", 156, 156)),
                7,
                timedelta(minutes=90),
                (ProblemTrend("pods/Pod/apps/web", 4, HOUR),),
                tuple(ProblemTrend(f"nodes/Node//n{n}", 1, (9 - n) * HOUR) for n in range(5)),
                23,
            )
        )
    )
    assert lines == [
        "hours without any fault: pods 95.0 %, flux 100 %",
        "not seen: 12 of 168 hours, counted neither way",
        "7 incidents, mean time to recovery 1 h 30 min, 23 restarts",
        "flapping: Pod apps/web ×4",
        "longest: Node n0 9 h, Node n1 8 h, Node n2 7 h, Node n3 6 h, Node n4 5 h",
    ]


def test_where_sites_are_told_routes_are_no_area_of_their_own():
    """Hours of routes without a fault are no uptime; without a request they are all there is."""
    areas = (AreaHours("pods", 100, 95), AreaHours("routes", 100, 50))
    site = a_site("a", (8, 10, 0), (31, 10, 0))
    (line, *_) = told.trend_lines(Trends(168, 0, areas, sites=(site,)))
    assert line == "hours without any fault: pods 95.0 %"
    (line, *_) = told.trend_lines(Trends(168, 0, areas))
    assert line == "hours without any fault: pods 95.0 %, routes 50.0 %"


def test_scripts_get_every_site_with_the_numbers_behind_its_percentages():
    """Beside the areas, whose published name stays."""
    sites = tuple(a_site(f"{n}.example.com", (8, 100, n), (31, 200, n)) for n in range(20))
    trends = Trends(168, 0, (AreaHours("pods", 9, 8),), sites=sites)
    digest = compose("weekly", Report(NOW), StandingItem(), None, trends=trends)
    shown = json.loads(json_digest.digest(digest))["trends"]
    assert shown["uptime"] == [{"area": "pods", "seen": 9, "well": 8}]
    assert len(shown["sites"]) == 20
    assert shown["sites"][3] == {
        "host": "3.example.com",
        "windows": [
            {"days": 7, "daysSeen": 8, "seen": 100, "answered": 97},
            {"days": 30, "daysSeen": 31, "seen": 200, "answered": 197},
        ],
    }


def test_a_digest_that_lists_nothing_says_why():
    """A problem below the threshold isn't denied, and nothing is found in what nobody checked."""
    problem = Finding(
        check="pods",
        subject=Ref("Pod", "apps", "web"),
        verdict=Verdict.DEGRADED,
        reason="NotReady",
        message="",
    )
    gap = Gap("Node", Why.FORBIDDEN)
    for report, said in (
        (Report(NOW, (problem,), (), {"Pod": 3}), "⚠️ Daily digest · nothing to report"),
        (Report(NOW, (problem,), (gap,), {"Pod": 3}), "⚠️ Daily digest · nothing to report"),
        (Report(NOW), "❔ Daily digest · nothing was checked"),
        (
            Report(NOW, (), (gap,), {"Pod": 3}),
            "❔ Daily digest · nothing wrong found in what was seen",
        ),
    ):
        digest = compose(
            "daily", report, StandingItem(), base(report, None), threshold=Verdict.FAILED
        )
        assert told.title(digest) == said
