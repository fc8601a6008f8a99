"""Digests are total: whatever the cluster says, the message is valid and means nothing else."""

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.digest.difference import base
from bot.core.digest.digest import Digest, compose
from bot.core.digest.standing import Expiring, Nodes, Open, Standing
from bot.core.finding import Ref
from bot.core.history.trends import Trends, Trouble, Uptime
from bot.core.verdict import Verdict
from bot.render import digest as told
from bot.render import discord_digest
from bot.render.drawing import Undrawn
from tests.render.strategies import NOW, hostile, moments, reports
from tests.render.test_discord import assert_harmless

refs = st.builds(Ref, st.sampled_from(["HelmRelease", "Pod"]), hostile, hostile)
standings = st.builds(
    Standing,
    st.lists(st.builds(Open, refs, hostile, moments), max_size=4).map(tuple),
    st.lists(st.builds(Expiring, refs, st.just(NOW)), max_size=4).map(tuple),
    st.one_of(st.none(), st.just(Nodes(3, 2, 1))),
)
troubles = st.builds(Trouble, hostile, st.integers(1, 9), st.timedeltas(min_value=0 * (NOW - NOW)))
known_trends = st.builds(
    Trends,
    st.just(168),
    st.integers(0, 168),
    st.just((Uptime("pods", 10, 9),)),
    st.integers(0, 9),
    flapping=st.lists(troubles, max_size=6).map(tuple),
    worst=st.lists(troubles, max_size=5).map(tuple),
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


@settings(max_examples=15)
@given(digests())
def test_a_digest_of_anything_is_a_harmless_message(each: Digest):
    """Also its one line, and as a text without a control character."""
    assert_harmless(discord_digest.digest(each, Undrawn("It was not drawn.")))
    text = told.text(each)
    assert text.isprintable() or not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", text)
