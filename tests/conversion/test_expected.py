"""The independent reading notices what is wrong: `make conversion` can fail."""

import copy
from typing import Any

import pytest

from tests.conversion.expected import World, faults, outcome
from tests.ingress_conversion.ingresses import a_rule, a_service, an_ingress, manifests, said

TLS = ({"hosts": ["a.example"], "secretName": "a-tls"},)
INGRESS = an_ingress(a_rule("a.example"), a_rule("b.example"), tls=TLS)


def test_what_is_converted_well_has_no_fault() -> None:
    assert list(faults(INGRESS, manifests(INGRESS))) == []


def _lose_http(made: list[Any]) -> None:
    made[1]["spec"]["entryPoints"] = ["web", "websecure"]
    del made[0]


def _lose_a_route(made: list[Any]) -> None:
    for each in made:
        each["spec"]["routes"].pop()


def _lose_the_secret(made: list[Any]) -> None:
    del made[1]["spec"]["tls"]["secretName"]


def _lose_the_vip(made: list[Any]) -> None:
    made[0]["spec"]["routes"][0]["services"][0]["nativeLB"] = False


@pytest.mark.parametrize("lose", [_lose_http, _lose_a_route, _lose_the_secret, _lose_the_vip])
def test_what_is_lost_is_a_fault(lose: Any) -> None:
    made = copy.deepcopy(manifests(INGRESS))
    lose(made)
    assert list(faults(INGRESS, made))


def test_it_knows_which_must_be_refused() -> None:
    world = World((3, 6, 13))
    assert outcome(INGRESS, world) == ("converted", set())
    world.add(a_service(clusterIP="None"))
    assert outcome(INGRESS, world) == ("refused", {"headless-service"})
    foreign = an_ingress(annotations=said(router_middlewares="x-y@kubernetescrd"))
    assert outcome(foreign, World((3, 6, 13))) == ("refused", {"cross-namespace"})
    assert outcome(an_ingress(ingressClassName="nginx"), world) == ("unchanged", set())
