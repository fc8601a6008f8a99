"""What is told of Traefik fits its place, whatever is in it, and JSON keeps its schema."""

import io
import json as stdlib_json
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len
from rich.console import Console

from bot.domain.finding import Ref
from bot.domain.verdict import Verdict
from bot.render import terminal
from bot.routing.addresses import Address, AddressKind
from bot.traefik.domain import log_report
from bot.traefik.domain.answers import Live, LogsAnswer, Replica, RoutesAnswer, RouteView, RuleView
from bot.traefik.domain.backend import Backend, Mode
from bot.traefik.domain.log_events import (
    Cause,
    LogReason,
    Origin,
    ProviderError,
    ServerCreated,
    UpstreamError,
)
from bot.traefik.domain.log_summary import Counted, LogSummary, Times
from bot.traefik.views import discord as discord_traefik
from bot.traefik.views import json as json_traefik
from bot.traefik.views import terminal as terminal_traefik
from bot.traefik.views import text as traefik_text
from tests.commands.conftest import texts
from tests.examples import examples
from tests.json_schema import validate
from tests.render.discord_markdown import read

WORDS = st.text(max_size=40) | st.sampled_from(
    ["`", "```", "@everyone", "[a](http://b)", "\x1b[31m", "\u202e", "x" * 900, "password=hunter22"]
)
TIMES = st.none() | st.datetimes(timezones=st.just(UTC))
REFS = st.builds(Ref, WORDS, WORDS, WORDS)
ADDRESSES = st.builds(
    Address,
    text=WORDS,
    kind=st.sampled_from(AddressKind),
    service=st.none() | REFS,
    pod=st.none() | REFS,
    node=WORDS,
    port_served=st.none() | st.booleans(),
)
BACKENDS = st.builds(
    Backend,
    name=WORDS,
    mode=st.sampled_from(Mode),
    because=WORDS,
    service=st.none() | REFS,
    servers=st.lists(WORDS, max_size=3).map(tuple),
    lacks_native=st.booleans(),
)
LIVE = st.builds(Live, url=WORDS, address=ADDRESSES, replicas=st.tuples(WORDS))
RULES = st.builds(
    RuleView,
    match=WORDS,
    router=WORDS,
    backends=st.lists(BACKENDS, max_size=3).map(tuple),
    live=st.none() | st.lists(LIVE, max_size=4).map(tuple),
    errors=st.tuples(WORDS),
)
ROUTES = st.builds(
    RouteView,
    ref=REFS,
    label=WORDS,
    api_version=WORDS,
    verdict=st.sampled_from(Verdict),
    entry_points=st.tuples(WORDS),
    problems=st.lists(WORDS, max_size=5).map(tuple),
    unread=st.just("") | WORDS,
    rules=st.lists(RULES, max_size=3).map(tuple),
)
ANSWERS = st.builds(
    RoutesAnswer,
    taken_at=st.just(datetime(2026, 11, 23, tzinfo=UTC)),
    verdict=st.sampled_from(Verdict),
    replicas=st.lists(
        st.builds(Replica, namespace=WORDS, name=WORDS, node=WORDS, version=WORDS), max_size=2
    ).map(tuple),
    of=st.sampled_from(("", "API", "log")),
    routes=st.lists(ROUTES, max_size=8).map(tuple),
    unseen=st.lists(WORDS, max_size=5).map(tuple),
)
COUNTED = st.builds(Times, st.integers(1, 9999), TIMES, TIMES)
SUMMARIES = st.builds(
    LogSummary,
    lines=st.integers(0, 10**7),
    servers=st.lists(
        st.builds(Counted, st.builds(ServerCreated, WORDS, WORDS, WORDS), COUNTED, st.booleans()),
        max_size=8,
    ).map(tuple),
    failures=st.lists(
        st.builds(
            Counted,
            st.builds(
                UpstreamError,
                st.sampled_from(Cause),
                st.none() | st.sampled_from((499, 500, 502, 504)),
                WORDS,
                WORDS,
                WORDS,
                st.sampled_from(Origin),
            ),
            COUNTED,
        ),
        max_size=8,
    ).map(tuple),
    refusals=st.lists(
        st.builds(Counted, st.builds(ProviderError, *[WORDS] * 6), COUNTED), max_size=9
    ).map(tuple),
    irrelevant=st.dictionaries(st.sampled_from(LogReason), st.integers(1, 99)),
    left_out=st.integers(0, 5),
    cut=st.lists(WORDS, max_size=2).map(tuple),
)
LOGS = st.dictionaries(WORDS, SUMMARIES, max_size=2).map(
    lambda summaries: log_report.logs(summaries, None, unseen=("nothing else",))
)


def shown(renderable) -> str:
    out = io.StringIO()
    terminal.show(Console(file=out, width=80, color_system=None), renderable)
    return out.getvalue()


def fits(card) -> str:
    """A message within Discord's limits; gives its text."""
    components = card.view.to_components()
    text = texts(components)
    assert len(text) <= 4000
    assert 1 <= len(card.files) <= 10
    assert not {"mention", "link"} & set(read(text).live)
    return text


def clean(text: str) -> None:
    assert all(cell_len(line) <= 80 for line in text.splitlines())
    assert not set(text) & set("\x00\x1b\u202e\r")
    assert "password=hunter22" not in text


@settings(max_examples=examples(40))
@given(ANSWERS)
def test_routes_fit_message_and_terminal(answer: RoutesAnswer) -> None:
    assert "password=hunter22" not in fits(discord_traefik.routes(answer))
    clean(shown(terminal_traefik.routes(answer)))


@settings(max_examples=examples(40))
@given(ROUTES, ANSWERS)
def test_one_route_fits_message_and_terminal(route: RouteView, answer: RoutesAnswer) -> None:
    assert "password=hunter22" not in fits(discord_traefik.route(route, answer))
    clean(shown(terminal_traefik.route(route, answer)))


@settings(max_examples=examples(40))
@given(LOGS)
def test_logs_fit_message_and_terminal(answer: LogsAnswer) -> None:
    assert "password=hunter22" not in fits(discord_traefik.logs(answer))
    clean(shown(terminal_traefik.logs(answer)))


@settings(max_examples=examples(40))
@given(ROUTES, ANSWERS, LOGS)
def test_json_keeps_its_schema_and_no_secret(
    route: RouteView, answer: RoutesAnswer, told: LogsAnswer
) -> None:
    for body in (
        json_traefik.routes(answer),
        json_traefik.route(route, answer),
        json_traefik.logs(told),
    ):
        validate(stdlib_json.loads(body), json_traefik.schema())
        assert b"password=hunter22" not in body


def test_that_traefik_has_no_routes_is_said_only_where_all_could_be_read():
    """A kind that nobody may read may have some."""
    none = RoutesAnswer(
        taken_at=datetime(2026, 11, 23, 12, tzinfo=UTC),
        verdict=Verdict.UNKNOWN,
        replicas=(
            Replica(namespace="kube-system", name="traefik-0", node="edge", version="3.6.2"),
        ),
    )
    hidden = replace(none, unseen=("IngressRoute: forbidden.",))
    assert traefik_text.routes_situation(none) == "Traefik has no routes"
    assert (
        traefik_text.routes_situation(hidden) == "No routes found, but not everything could be read"
    )
