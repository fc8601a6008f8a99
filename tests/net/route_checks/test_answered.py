"""Who answered, by what the real Traefik was seen to say."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.net.probing.protocol import Outcome, ProbeAnswer, WebFacts
from bot.net.route_checks.answered import (
    Answerer,
    AskedRoute,
    ChainPart,
    Need,
    RouteAnswer,
    classify,
)
from bot.routing.site_state import SiteState
from tests.net.route_checks import traefik_answers as seen

GOOD, BAD, GREY = SiteState.ANSWERS, SiteState.FAILS, SiteState.NOT_TESTED
OPEN = ProbeAnswer(id="port", outcome=Outcome.OK)
SHUT = ProbeAnswer(id="port", outcome=Outcome.REFUSED)
LOST = ProbeAnswer(id="port", outcome=Outcome.TIMEOUT)


GIVEN = ("tls", "deserted", "guarded", "traefik_guarded")


def said(answer: ProbeAnswer, *chain: ChainPart, **more: Any) -> RouteAnswer:
    """What is said of an answer of `shop.example` behind such a chain."""
    known = {name: more.pop(name, False) for name in GIVEN}
    asked = AskedRoute(host="shop.example", chain=frozenset(chain), **known)
    return classify(answer, asked, **more)


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (seen.FINE, "HTTP 200"),
        (seen.NO_HEAD, "HTTP 405"),
        (seen.NO_HEAD_501, "HTTP 501 of the backend itself"),
        (seen.MAINTENANCE, "HTTP 503 of the backend itself, Retry-After 120 s"),
        (seen.BARE_503, "HTTP 503 of the backend itself"),
    ],
)
def test_an_answer_of_the_backend_is_one_and_a_maintenance_page_is_told_as_such(
    answer: ProbeAnswer, what: str
) -> None:
    assert said(answer) == RouteAnswer(Answerer.BACKEND, GOOD, what, answer.status)


@pytest.mark.parametrize(
    ("answer", "chain"),
    [
        (seen.DEAD, ()),
        (seen.HANGS, ()),
        (seen.NO_SERVER, ()),
        (seen.BREAKER_OPEN, ()),
        (seen.BACKEND_CERTIFICATE, ()),
        (seen.DEAD_RENAMED, (ChainPart.HEADERS,)),
        (seen.DEAD, (ChainPart.LOGIN, ChainPart.FORWARD, ChainPart.LIMIT)),
    ],
)
def test_what_traefik_says_for_a_backend_that_is_not_reached_is_no_answer(
    answer: ProbeAnswer, chain: tuple[ChainPart, ...]
) -> None:
    """Also where a Middleware gave it another server's name, or would have let it through."""
    answered = said(answer, *chain)
    assert (answered.by, answered.outcome) == (Answerer.TRAEFIK, BAD)
    assert answered.what == f"HTTP {answer.status} of Traefik itself"


def test_traefiks_own_not_found_page_is_told_from_the_same_one_of_a_backend() -> None:
    """They are the same word for word; without the control nobody knows."""
    alone = said(seen.NOT_FOUND)
    assert (alone.outcome, alone.needs) == (GREY, Need.CONTROL)
    assert said(seen.NOT_FOUND, control=SHUT).outcome is GREY
    own = said(seen.NOT_FOUND, control=seen.NOT_FOUND)
    assert (own.by, own.outcome) == (Answerer.TRAEFIK, BAD)
    of_go = said(seen.NOT_FOUND_OF_GO, control=seen.NOT_FOUND)
    assert (of_go.by, of_go.outcome) == (Answerer.BACKEND, GOOD)


BEHIND = [
    (seen.LOGIN, ChainPart.LOGIN),
    (seen.FORWARD_302, ChainPart.FORWARD),
    (seen.FORWARD_401, ChainPart.FORWARD),
    (seen.REFUSED_ADDRESS, ChainPart.ADDRESSES),
    (seen.TO_HTTPS, ChainPart.REDIRECT),
    (seen.TO_HTTPS_BY_GET, ChainPart.REDIRECT),
    (seen.ELSEWHERE, ChainPart.REDIRECT),
    (seen.TOO_MANY, ChainPart.LIMIT),
    (seen.LOGIN, ChainPart.UNSEEN),
]


@pytest.mark.parametrize(("answer", "part"), BEHIND)
def test_behind_a_middleware_the_endpoints_port_says_whether_the_backend_lives(
    answer: ProbeAnswer, part: ChainPart
) -> None:
    """A Middleware's answer alone says nothing of the backend."""
    alone = said(answer, part)
    assert (alone.by, alone.outcome, alone.needs) == (Answerer.MIDDLEWARE, GREY, Need.PORTS)
    assert said(answer, part, ports=[SHUT, OPEN]).outcome is GOOD
    assert said(answer, part, ports=[SHUT]).outcome is BAD
    assert "(timeout)" in said(answer, part, ports=[LOST]).what
    assert said(answer, part, deserted=True).outcome is BAD


def test_a_port_that_a_network_policy_may_have_shut_says_nothing() -> None:
    """It lets Traefik in and nobody else, as it is meant to."""
    shut = said(seen.LOGIN, ChainPart.LOGIN, ports=[SHUT], guarded=True)
    assert (shut.outcome, "perhaps by a NetworkPolicy" in shut.what) == (GREY, True)
    assert said(seen.LOGIN, ChainPart.LOGIN, ports=[OPEN], guarded=True).outcome is GOOD
    assert said(SHUT, traefik_guarded=True).outcome is GREY
    assert said(seen.DEAD, guarded=True, traefik_guarded=True).outcome is BAD


def test_an_entrypoint_may_redirect_without_a_middleware() -> None:
    for answer in (seen.TO_HTTPS, seen.TO_HTTPS_BY_GET):
        assert said(answer).by is Answerer.MIDDLEWARE


@pytest.mark.parametrize("location", ["", "shop.example"])
def test_a_site_that_sends_people_to_its_own_login_by_tls_answers(location: str) -> None:
    """Also where a Middleware sends plain requests to TLS."""
    answer = seen.an_answer(302, location=location, **seen.NAMED)
    assert said(answer, ChainPart.REDIRECT, tls=True).by is Answerer.BACKEND


@pytest.mark.parametrize("answer", [seen.FORWARD_DEAD, seen.FORWARD_DEAD_BY_GET])
def test_an_authentication_that_is_gone_lets_nobody_in(answer: ProbeAnswer) -> None:
    assert said(answer, ChainPart.FORWARD).outcome is BAD
    assert said(answer).by is Answerer.BACKEND


@pytest.mark.parametrize("answer", [seen.DEAD_WITH_PAGE, seen.NO_SERVER_WITH_PAGE])
def test_a_page_for_errors_is_never_taken_for_an_answer_of_the_backend(
    answer: ProbeAnswer,
) -> None:
    """It has the looks of a maintenance page; only a shut port says more."""
    assert said(answer, ChainPart.ERRORS).outcome is GREY
    assert said(answer, ChainPart.ERRORS, ports=[OPEN]).outcome is GREY
    assert said(answer, ChainPart.ERRORS, ports=[SHUT]).outcome is BAD


def test_a_plugin_may_say_anything_so_the_port_is_asked() -> None:
    """One that starts a backend on demand shows a page of its own meanwhile."""
    assert said(seen.FINE, ChainPart.UNSEEN).needs is Need.PORTS
    assert said(seen.FINE, ChainPart.UNSEEN, ports=[OPEN]).outcome is GOOD
    assert said(seen.FINE, ChainPart.UNSEEN, ports=[SHUT]).outcome is GREY
    assert said(seen.FINE, ChainPart.UNSEEN, deserted=True).outcome is GREY


@pytest.mark.parametrize(
    ("outcome", "detail", "by", "expected"),
    [
        (Outcome.REFUSED, "", Answerer.NOBODY, BAD),
        (Outcome.STALLED, "", Answerer.NOBODY, BAD),
        (Outcome.CLOSED, "", Answerer.NOBODY, BAD),
        (Outcome.NOT_HTTP, "it begins with b'<b>'", Answerer.NOBODY, BAD),
        (Outcome.TIMEOUT, "", Answerer.NOBODY, GREY),
        (Outcome.NO_ROUTE, "", Answerer.NOBODY, GREY),
        (Outcome.UNTRIED, "", Answerer.NOBODY, GREY),
        (Outcome.TLS, "TLSV1_UNRECOGNIZED_NAME", Answerer.TLS, BAD),
        (Outcome.TLS, "TLSV13_ALERT_CERTIFICATE_REQUIRED", Answerer.TLS, GREY),
    ],
)
def test_where_nobody_answers_it_is_said_how_that_ended(
    outcome: Outcome, detail: str, by: Answerer, expected: SiteState
) -> None:
    """A timeout to Traefik's own port may be a NetworkPolicy's doing: nothing was tested."""
    answered = said(ProbeAnswer(id="p", outcome=outcome, detail=detail))
    assert (answered.by, answered.outcome) == (by, expected)
    assert "<b>" not in answered.what


texts = st.text(max_size=300)
facts = st.builds(
    WebFacts,
    server=texts,
    content_type=texts,
    length=st.none() | st.integers(),
    login=st.booleans(),
    location=texts,
    retry_after=texts,
    latency=st.none() | st.floats(allow_nan=False),
)
answers = st.builds(
    ProbeAnswer,
    id=st.just("p"),
    outcome=st.sampled_from(Outcome),
    status=st.integers(0, 999),
    backend=texts,
    detail=texts,
    web=st.none() | facts,
)


asked_of = st.builds(
    AskedRoute,
    host=st.just("shop.example"),
    chain=st.frozensets(st.sampled_from(ChainPart)),
    tls=st.booleans(),
    deserted=st.booleans(),
    guarded=st.booleans(),
    traefik_guarded=st.booleans(),
)


@given(answers, asked_of, st.none() | answers, st.lists(answers, max_size=3))
def test_whatever_comes_back_is_said_in_few_words_that_hold_no_text_of_it(
    answer: ProbeAnswer, asked: AskedRoute, control: ProbeAnswer | None, ports: list[ProbeAnswer]
) -> None:
    """Headers are a tenant's, and what is said of a site is shown to people."""
    answered = classify(answer, asked, control=control, ports=ports)
    assert len(answered.what) < 200
    assert answered.what.isascii()
    assert not set(answered.what) & set("<>@`*_|")
    if answered.by is Answerer.TRAEFIK:
        assert answered.outcome is not GOOD


@given(st.frozensets(st.sampled_from(ChainPart)))
def test_no_middleware_makes_an_answer_of_a_dead_backend_count_as_one(
    chain: frozenset[ChainPart],
) -> None:
    """Whatever else stands in the chain, as long as it is known."""
    for answer in (seen.DEAD, seen.HANGS, seen.NO_SERVER):
        assert said(answer, *chain).outcome is BAD
    assert said(seen.DEAD_RENAMED, *chain, ChainPart.HEADERS).outcome is BAD


def test_a_bare_500_of_an_http_route_may_be_traefiks_own_and_shows_nothing() -> None:
    """Traefik says nothing more where it cannot use a backend or a filter."""
    for bare in (seen.FORWARD_DEAD, seen.FORWARD_DEAD_BY_GET):
        answer = said(bare, ChainPart.UNRESOLVED)
        assert (answer.by, answer.outcome, answer.needs) == (Answerer.TRAEFIK, GREY, Need.NOTHING)
        assert said(bare).outcome is GOOD, "nothing of Traefik's answers so for other routes"
    named = seen.an_answer(500, **seen.NAMED, length=0)
    assert said(named, ChainPart.UNRESOLVED).by is Answerer.BACKEND
    assert said(named, ChainPart.UNRESOLVED, ChainPart.HEADERS).outcome is GREY
    page = seen.an_answer(500, length=5)
    assert said(page, ChainPart.UNRESOLVED).by is Answerer.BACKEND
