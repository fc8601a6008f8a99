"""Requests in Traefik's access log that a server answered: of which rule, and for how long."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.finding import Ref
from bot.traefik.domain.api import Router, Runtime
from bot.traefik.domain.router_names import DEFAULT_BACKEND
from tests.builders import Plain
from tests.net.networks import MOMENT, a_route, a_rule, an_ingress
from tests.traefik.test_word import INGRESS, SITE, Cluster, Saying, word
from tests.traefik.test_word_lost import Asked
from tests.traefik.world import AGAIN, EDGE, INGRESS_ROUTER, POD, ROUTER, refused, world

RULE = "Host(`a.example`)"
AT = datetime(2026, 11, 23, 11, 58, tzinfo=UTC)


def served(router: str = ROUTER, at: str = "11:58:00", status: int = 200) -> str:
    request = f'[23/Nov/2026:{at} +0000] "GET / HTTP/2.0" {status} 5 "-" "-" 1'
    return f'10.42.0.9 - - {request} "{router}" "{POD}" 2ms\n'


@pytest.mark.parametrize("router", [ROUTER, f"websecure-{ROUTER}"])
async def test_a_good_request_is_known_by_its_rule(router: str) -> None:
    """Also where an entrypoint gave the router its own name."""
    assert (await word(Saying(served(router)))).answered == {(SITE, RULE): AT}


async def test_a_good_request_of_an_ingress_is_known_by_its_path() -> None:
    """As its rule is named everywhere."""
    said = await word(Saying(served(INGRESS_ROUTER)))
    assert said.answered == {(INGRESS, "a.example/"): AT}


async def test_a_router_of_an_unknown_name_is_found_by_the_api() -> None:
    """A later Traefik may name it otherwise, and the text of its rule tells."""
    name = "apps-site-otherwise@kubernetescrd"
    runtime = Runtime((Router(name, RULE, "site@kubernetescrd"),))
    assert (await word(Saying(served(name), runtime))).answered == {(SITE, RULE): AT}
    assert (await word(Saying(served(name)))).answered == {}


async def test_a_name_that_two_routes_may_have_shows_nothing_of_either() -> None:
    """Dashes stand for everything between words, so one router may be of either."""
    twin = a_route(a_rule(), name="site")
    twin["metadata"]["namespace"] = "web"
    other = a_route(a_rule(), name="b-site")
    other["metadata"]["namespace"] = "web-a"
    again = a_route(a_rule(), name="a-b-site")
    again["metadata"]["namespace"] = "web"
    names = {"web-a": "web-a-b-site", "web": "web-site"}
    digest = ROUTER.rpartition("-")[2]
    said = await word(
        Saying("".join(served(f"{name}-{digest}") for name in names.values())), twin, other, again
    )
    assert said.answered == {(Ref("IngressRoute", "web", "site"), RULE): AT}


async def test_of_several_replicas_the_latest_request_counts() -> None:
    """Each has a log of its own."""
    log = served(at="11:57:00") + served(at="11:58:00")
    said = await word(Saying(log, pods_there=(EDGE, AGAIN)))
    assert said.answered == {(SITE, RULE): AT}


async def test_a_failed_request_is_no_good_one() -> None:
    """The server is named, and did not answer."""
    said = await word(Saying(served(status=502)))
    assert (said.answered, list(said.failed)) == ({}, [SITE])


async def test_a_good_request_is_remembered_for_an_hour() -> None:
    """A log is read no further back than its newest lines, and ends with its pod."""
    asked = Asked()
    await asked.word(Saying(served()))
    assert (await asked.word(Saying())).answered == {(SITE, RULE): AT}
    later = await asked.word(Saying(served(at="11:59:00")))
    assert later.answered == {(SITE, RULE): AT + timedelta(minutes=1)}
    assert (await asked.word(Saying(served(at="09:00:00")))).answered == later.answered


async def test_a_failure_that_goes_on_began_when_it_was_first_read() -> None:
    """The newest lines of a long log lack its beginning."""
    asked = Asked()
    early, late = refused(at="11:20:00"), refused(at="11:50:00")
    first = (await asked.word(Saying(early + late))).failed[SITE][0]
    assert first.first == MOMENT - timedelta(minutes=40)
    (requests,) = (await asked.word(Saying(late))).failed[SITE]
    assert (requests.first, requests.count) == (first.first, 1)


async def test_the_default_backend_is_a_rule_too() -> None:
    """It has a router of its own."""
    ingress: Plain = an_ingress()
    ingress["spec"] = {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}}
    plain = [one for one in world() if one["kind"] != "Ingress"]
    asked = Asked(Cluster([*plain, ingress]))
    said = await asked.word(Saying(served(DEFAULT_BACKEND)))
    assert said.answered == {(INGRESS, "default backend"): AT}
