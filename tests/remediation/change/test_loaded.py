"""Loaded is what every Traefik answers otherwise than before; what was not seen is not."""

from typing import Any

import pytest

from bot.net.entrances import Entrance
from bot.net.probing.protocol import Outcome, ProbeAnswer
from bot.remediation.change.loaded import REQUESTS, LoadState, Look, standing, unseen

WEB, SECURE = Entrance("edge", "10.42.0.2", 8000), Entrance("edge", "10.42.0.2", 8443, tls=True)
OTHER = Entrance("attic", "10.42.1.2", 8000)


def answer(status: int, backend: str = "web", outcome: Outcome = Outcome.OK) -> ProbeAnswer:
    return ProbeAnswer(id="a", outcome=outcome, status=status, backend=backend)


OWN, REACHED, BROKEN = answer(404, "traefik"), answer(200), answer(502, "traefik")
STALLED, REFUSED = answer(0, "", Outcome.STALLED), answer(0, "", Outcome.REFUSED)
TO_TLS = answer(301, "traefik")
CALM = ((OWN, OWN), (OWN, OWN))


def a_look(at: Entrance, *answers: Any, named: bool = False) -> Look:
    """By what is asked, in order; the host that nothing serves has the last pair of answers."""
    *three, control = answers
    return Look(at, dict(zip(REQUESTS, (*three, *control), strict=True)), named)


def look(
    before: ProbeAnswer = OWN,
    marked: ProbeAnswer = REACHED,
    route: ProbeAnswer = REACHED,
    at: Entrance = WEB,
    *,
    named: bool = True,
) -> Look:
    calm = ((before, before), (before, before))
    return a_look(at, (before, before), (marked, marked), (route, route), calm, named=named)


@pytest.mark.parametrize("marked", [REACHED, BROKEN, STALLED, answer(404, "the application")])
def test_whatever_the_backend_says_or_leaves_unsaid_it_is_loaded(marked: ProbeAnswer) -> None:
    """The Ingress that comes back leads to what was broken."""
    assert standing(look(marked=marked)) is LoadState.LOADED
    assert unseen([look(marked=marked)]) == ""


@pytest.mark.parametrize("now", [STALLED, BROKEN, REACHED, REFUSED])
def test_where_a_host_that_nothing_serves_is_answered_otherwise_nothing_was_seen(
    now: ProbeAnswer,
) -> None:
    """Traefik hangs, or starts anew: then every host is answered otherwise than before."""
    calm = ((OWN, OWN), (OWN, now))
    for marked in (STALLED, REACHED, BROKEN):
        ill = a_look(WEB, (OWN, OWN), (marked, marked), (marked, marked), calm, named=True)
        assert standing(ill) is LoadState.UNKNOWN
        assert unseen([ill])


def test_an_answer_as_before_says_that_it_is_not_loaded() -> None:
    assert standing(look(marked=OWN)) is LoadState.NOT_YET
    assert unseen([look(marked=OWN)]) == "10.42.0.2:8000 on edge didn't serve it in time."
    assert unseen([look(marked=OWN, named=False)])


def test_one_of_two_answers_is_not_enough() -> None:
    half = a_look(WEB, (OWN, OWN), (REACHED, OWN), (REACHED, REACHED), CALM, named=True)
    assert standing(half) is LoadState.NOT_YET


def test_one_entrance_or_replica_that_does_not_serve_it_is_enough_for_no() -> None:
    for late in (SECURE, OTHER):
        assert "didn't serve it in time" in unseen([look(), look(marked=OWN, at=late)])


def test_a_replica_that_was_not_seen_is_named() -> None:
    why = unseen([look(), look(marked=REFUSED, at=OTHER)])
    assert why == "10.42.1.2:8000 on attic didn't serve it in time."
    assert unseen([look(), a_look(OTHER, (), (), (), ((), ()))]) == why


def test_a_port_that_speaks_no_http_is_no_obstacle_beside_one_that_was_seen() -> None:
    """One configuration is loaded for all of them."""
    assert unseen([look(), look(REFUSED, REFUSED, REFUSED, SECURE)]) == ""


def test_a_traefik_that_does_not_serve_the_route_has_nothing_to_lose() -> None:
    """One of another ingress class, beside the one that serves it; alone it proves nothing."""
    idle = look(marked=OWN, route=OWN, at=OTHER)
    assert standing(idle) is LoadState.UNSERVED
    assert unseen([look(), idle]) == ""
    assert unseen([idle]) == "No Traefik served it."


def test_where_the_route_names_no_port_another_object_may_serve_it_there() -> None:
    """Of the same host on the other entrypoint; then one port of each Traefik tells."""
    assert unseen([look(), look(marked=OWN, at=SECURE, named=False)]) == ""


def test_a_port_that_sends_every_request_to_tls_tells_nothing() -> None:
    """Then the other port of the same Traefik must."""
    web = look(TO_TLS, TO_TLS, TO_TLS)
    assert standing(web) is LoadState.ELSEWHERE
    assert unseen([web, look(at=SECURE)]) == ""
    assert "didn't serve it" in unseen([web, look(at=OTHER)])


def test_a_page_that_differs_each_time_is_known_by_its_status() -> None:
    before = (answer(404, "page 1"), answer(404, "page 2"))
    served = (REACHED, REACHED)
    calm, pages = (before, before), (answer(404, "page 3"), answer(404, "page 4"))
    late = a_look(WEB, before, pages, served, calm, named=True)
    assert standing(late) is LoadState.NOT_YET
    assert standing(a_look(WEB, before, served, served, calm)) is LoadState.LOADED
