"""Reports and stories with whatever a cluster may say in them."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from bot.domain.finding import Evidence, Finding, Ref
from bot.domain.report import Report
from bot.domain.snapshot import Gap, Why
from bot.domain.story import Event, LogTail, Story
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

HOSTILE = (
    "@everyone", "@here", "<@123456789012345678>", "<@&123456789012345678>", "<#1>", "</health:1>",
    "[click](https://evil.example)", "https://evil.example", "```", "`", "``", "||", "**", "# ",
    "\n# big", "> quote", "<t:0:R>", "\u202e", "\u200b", "\x00", "\x1b[31m", "❌", "a" * 253,
    "discord.gg/evil", "\\`", "-# ", "<a:b:1>",
)  # fmt: skip
"""What has a meaning in Discord or a terminal, and must have none here."""

hostile = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=30)), max_size=12).map(
    "".join
)

moments = st.one_of(st.none(), st.timedeltas(timedelta(0), timedelta(days=900)).map(NOW.__sub__))

findings = st.builds(
    Finding,
    check=st.sampled_from([check.name for check in CHECKS]),
    subject=st.builds(Ref, st.sampled_from(["Pod", "Node", "Kustomization"]), hostile, hostile),
    verdict=st.sampled_from([each for each in Verdict if each is not Verdict.HEALTHY]),
    reason=hostile,
    message=hostile,
    since=moments,
    evidence=st.lists(st.builds(Evidence, hostile, hostile), max_size=4).map(tuple),
)

gaps = st.builds(
    Gap, st.sampled_from(["Pod", "Secret"]), st.sampled_from(list(Why)), hostile, moments
)

reports = st.builds(
    Report,
    taken_at=st.just(NOW),
    findings=st.lists(findings, max_size=60, unique_by=lambda each: each.key).map(tuple),
    gaps=st.lists(gaps, max_size=6).map(tuple),
    counts=st.dictionaries(st.sampled_from(["Pod", "Node", "Service"]), st.integers(0, 10_000)),
    scopes=st.just(("pods",)),
    namespace=st.one_of(st.none(), hostile),
    notes=st.lists(findings, max_size=60, unique_by=lambda each: each.key).map(tuple),
)

stories = st.builds(
    Story,
    taken_at=st.just(NOW),
    chain=st.lists(findings, min_size=1, max_size=5).map(tuple),
    check=st.sampled_from(CHECKS),
    downstream=st.lists(findings, max_size=8).map(tuple),
    events=st.lists(
        st.builds(Event, type=hostile, reason=hostile, message=hostile, at=moments), max_size=5
    ).map(tuple),
    log=st.one_of(
        st.none(),
        st.builds(
            LogTail,
            container=hostile,
            previous=st.booleans(),
            lines=st.lists(hostile, max_size=50).map(tuple),
        ),
    ),
    unseen=st.lists(hostile, max_size=2).map(tuple),
)
