"""One tested request is shown whatever names and messages it holds."""

import json

from hypothesis import given
from hypothesis import strategies as st

from bot.net.probing.protocol import Outcome
from bot.net.request.result import Attempt, Leg, RequestResult, RequestStep
from bot.net.views import discord as net_cards
from bot.net.views import json as net_json
from bot.net.views import terminal as net_terminal
from bot.render import terminal
from tests.health.views.test_discord import texts
from tests.json_schema import validate
from tests.render.discord_markdown import read
from tests.render.strategies import hostile

steps = st.builds(
    RequestStep,
    leg=st.sampled_from(Leg),
    outcome=st.sampled_from(Outcome),
    took=st.none() | st.floats(0, 9000),
    errno=st.integers(0, 200),
    said=hostile,
)
attempts = st.builds(
    Attempt,
    address=hostile,
    steps=st.lists(steps, max_size=4).map(tuple),
    status=st.sampled_from([0, 200, 404, 502]),
    backend=hostile,
)
reached = st.builds(
    RequestResult,
    start=hostile,
    goal=hostile,
    way=hostile,
    dns=st.none() | steps,
    addresses=st.lists(hostile, max_size=4).map(tuple),
    attempts=st.lists(attempts, max_size=5).map(tuple),
    untested=st.lists(hostile, max_size=6).map(tuple),
)


@given(reached)
def test_a_card_keeps_within_the_limits_and_mentions_nobody(each: RequestResult) -> None:
    parts = texts(net_cards.request(each))
    assert sum(map(len, parts)) <= 4000
    assert not {"mention", "link"} & set(read("\n".join(parts)).live)


@given(reached)
def test_a_terminal_is_told_without_control_characters(each: RequestResult) -> None:
    console = terminal.console()
    with console.capture() as captured:
        console.print(net_terminal.request(each))
    assert "\x1b" not in captured.get()


@given(reached)
def test_json_is_what_its_schema_says(each: RequestResult) -> None:
    validate(json.loads(net_json.request(each)), net_json.schema(net_json.REQUEST))


def test_every_part_is_told_with_its_time_and_errno() -> None:
    bad = RequestStep(leg=Leg.TLS, outcome=Outcome.RESET, errno=104, took=12.34)
    made = Attempt(address="10.43.0.7:443", steps=(RequestStep(leg=Leg.CONNECT, took=5.0), bad))
    whole = "\n".join(
        texts(net_cards.request(RequestResult(start="a", goal="b", way="c", attempts=(made,))))
    )
    assert "ok in 5.0 ms" in whole
    assert "reset (errno 104) in 12.3 ms" in whole
    assert "❌ TLS fails at `b`" in whole
