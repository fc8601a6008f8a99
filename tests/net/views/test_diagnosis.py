"""A diagnosis is shown whatever it says: within Discord's limits, with no markup but ours."""

import json

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.verdict import Verdict
from bot.net.diagnosis.diagnosis import Confidence, Diagnosis, Effect, RouteFault, Row, Seen
from bot.net.views import discord as net_cards
from bot.net.views import json as net_json
from bot.net.views import terminal as net_terminal
from bot.net.views import text as net_text
from bot.render import terminal
from tests.health.views.test_discord import texts
from tests.json_schema import validate
from tests.render.discord_markdown import read
from tests.render.strategies import hostile

diagnoses = st.builds(
    Diagnosis,
    row=st.sampled_from(Row),
    confidence=st.sampled_from(Confidence),
    because=hostile,
    effect=st.sampled_from(Effect),
    effect_because=hostile,
    places=st.lists(hostile, max_size=8).map(tuple),
    advice=st.lists(hostile, max_size=8).map(tuple),
    evidence=st.lists(st.builds(Seen, hostile, hostile, st.booleans()), max_size=12).map(tuple),
    untested=st.lists(hostile, max_size=8).map(tuple),
    next=hostile,
    subject=hostile,
    prober=hostile,
    by_objects=st.none() | st.builds(RouteFault, st.sampled_from(Verdict), hostile, hostile),
)


@given(diagnoses)
def test_a_card_keeps_within_the_limits_and_mentions_nobody(each: Diagnosis) -> None:
    made = net_cards.diagnosis(each, [])
    parts = texts(made)
    assert sum(map(len, parts)) <= 4000
    assert made.view.total_children_count <= 40
    whole = "\n".join(parts)
    assert whole.startswith("## ")
    assert not {"mention", "link"} & set(read(whole).live)
    assert made.files[0].content


@given(diagnoses)
def test_progress_and_plain_text_take_whatever_is_said(each: Diagnosis) -> None:
    assert net_cards.progress(each.subject, each.because).view.to_components()
    text = net_terminal.diagnosis_text(each)
    assert "\x1b" not in text
    assert net_text.general(each.row).split()[0].lower() in text.lower()


@given(diagnoses)
def test_json_is_what_its_schema_says(each: Diagnosis) -> None:
    body = json.loads(net_json.diagnosis(each))
    validate(body, net_json.schema(net_json.DIAGNOSIS))
    assert body["row"] == each.row


def test_every_row_and_effect_has_its_words() -> None:
    assert set(net_text.TITLE) == set(Row)
    assert set(net_text.NATIVE) == set(Effect)


def test_only_a_route_that_works_is_healthy() -> None:
    """What nobody could tell is unknown."""
    found = {
        row: Diagnosis(
            row=row,
            confidence=Confidence.NONE,
            because="",
            effect=Effect.UNKNOWN,
            effect_because="",
        ).verdict
        for row in Row
    }
    assert [row for row, each in found.items() if each is Verdict.HEALTHY] == [Row.HEALTHY]
    assert [row for row, each in found.items() if each is Verdict.UNKNOWN] == [Row.INCONCLUSIVE]


def test_what_the_objects_say_is_told_beside_a_network_that_works() -> None:
    """No test shows it, and the route does not work for all that."""
    fault = RouteFault(Verdict.FAILED, "MiddlewareNotFound", "Middleware apps/gone is gone.")
    found = Diagnosis(
        row=Row.HEALTHY,
        confidence=Confidence.PROVEN,
        because="All ways work.",
        effect=Effect.NEEDLESS,
        effect_because="",
        by_objects=fault,
    )
    assert found.verdict is Verdict.FAILED
    card = str(net_cards.diagnosis(found, []).view.to_components())
    page = terminal.plain(net_terminal.diagnosis(found))
    for shown in (card, page):
        assert "has a problem, but the network works" in shown
        assert "failed MiddlewareNotFound" in shown
        assert "The route works" not in shown
    body = json.loads(net_json.diagnosis(found))
    validate(body, net_json.schema(net_json.DIAGNOSIS))
    assert body["byObjects"]["reason"] == "MiddlewareNotFound"
