"""Requests that failed before their servers became ready again say nothing of a route now."""

from datetime import timedelta

import pytest

from bot.domain.finding import Ref
from bot.domain.verdict import Verdict
from bot.health import observed
from bot.routing.traefik_word import FailedRequests, TraefikWord
from tests.builders import Plain, a_pod, an_object
from tests.net.networks import (
    MOMENT,
    a_path,
    a_route,
    a_rule,
    a_service,
    a_slice,
    a_snapshot,
    ago,
    an_ingress,
)

SITE = Ref("IngressRoute", "apps", "site")
INGRESS = Ref("Ingress", "apps", "site")
VIP, GONE = "10.43.0.9:80", "10.42.1.99:8080"
NODE = an_object("Node", "home-1", namespace="", spec={"podCIDR": "10.42.1.0/24"}, status={})


def ready(name: str, **how_long: float) -> Plain:
    """A pod that has been ready for so long."""
    pod = a_pod(name)
    pod["status"]["conditions"][0]["lastTransitionTime"] = ago(**how_long)
    return pod


def behind(service: str, *pods: str, ready: bool | None = None, kind: str = "Pod") -> Plain:
    """The EndpointSlice of a Service with these pods; each has an address by its number."""
    return a_slice(
        service,
        *(
            {
                "addresses": [f"10.42.1.{pod[-1]}"],
                "conditions": {"ready": ready},
                "targetRef": {"kind": kind, "namespace": "apps", "name": pod},
            }
            for pod in pods
        ),
    )


def world(*more: Plain, **service: object) -> list[Plain]:
    """A route and an Ingress to one Service; its endpoints and pods are among `more`."""
    web = a_service(**{"clusterIP": "10.43.0.9", **service})
    return [NODE, web, a_route(a_rule()), an_ingress(a_path()), *more]


def verdict(
    plain: list[Plain], address: str = "10.42.1.1:8080", route: Ref = SITE, **failed_ago: float
) -> Verdict:
    """Of a route of which a request to that address failed so long ago, else six minutes ago."""
    last = MOMENT - timedelta(**(failed_ago or {"minutes": 6}))
    failed = {route: (FailedRequests(1, "502", last, address),)}
    snapshot = a_snapshot(*plain, supplements={TraefikWord: TraefikWord(failed=failed)})
    return observed.worst(route, snapshot, None).verdict


@pytest.mark.parametrize("address", ["10.42.1.1:8080", "http://10.42.1.1:8080", VIP, GONE, ""])
@pytest.mark.parametrize("route", [SITE, INGRESS])
def test_what_failed_before_the_only_pod_became_ready_is_over(address: str, route: Ref) -> None:
    """By its address, its Service's, that of the pod before it, or where none was told."""
    one = world(behind("web", "web-1"), ready("web-1", minutes=5))
    assert verdict(one, address, route) is Verdict.HEALTHY


@pytest.mark.parametrize("address", ["10.42.1.1:8080", VIP, GONE, ""])
@pytest.mark.parametrize("seconds", [0, 200, 299, 300, 304])
def test_what_failed_afterwards_counts_and_so_does_what_clocks_cannot_tell_apart(
    address: str, seconds: float
) -> None:
    """Traefik and the pod may run on nodes whose clocks differ by seconds."""
    one = world(behind("web", "web-1"), ready("web-1", minutes=5))
    assert verdict(one, address, seconds=seconds) is Verdict.DEGRADED


@pytest.mark.parametrize("address", ["10.42.1.2:8080", VIP, ""])
def test_one_pod_that_was_restarted_excuses_no_failure_of_another(address: str) -> None:
    two = world(behind("web", "web-1", "web-2"), ready("web-1", minutes=5), ready("web-2", days=1))
    assert verdict(two, address) is Verdict.DEGRADED
    assert verdict(two, "10.42.1.1:8080") is Verdict.HEALTHY


def test_a_pod_that_came_in_place_of_another_ends_what_failed_at_that_one() -> None:
    """Its address is no endpoint any more, and the other pod has been ready all the while."""
    two = world(behind("web", "web-1", "web-2"), ready("web-1", minutes=5), ready("web-2", days=1))
    assert verdict(two, GONE) is Verdict.HEALTHY
    assert verdict(two, GONE, minutes=4) is Verdict.DEGRADED
    fewer = world(behind("web", "web-2"), ready("web-2", days=1))
    assert verdict(fewer, GONE) is Verdict.DEGRADED


@pytest.mark.parametrize("address", [GONE, ""])
def test_a_pod_of_one_service_excuses_no_failure_of_another_service_of_the_route(
    address: str,
) -> None:
    """Where nobody knows to which of both the request went."""
    rules = a_route(a_rule(), a_rule({"name": "api", "port": 80}, host="b.example"))
    others = (behind("web", "web-1"), ready("web-1", minutes=5), a_service("api"))
    two = [NODE, a_service(), rules, *others]
    assert verdict([*two, behind("api", "api-2"), ready("api-2", days=1)], address) is (
        Verdict.DEGRADED
    )
    assert verdict([*two, behind("api")], address) is Verdict.DEGRADED
    assert verdict([*two, behind("api", "api-2"), ready("api-2", minutes=4)], address) is (
        Verdict.HEALTHY
    )


def test_a_pod_that_is_not_ready_again_excuses_nothing() -> None:
    """Its readiness has flapped."""
    pod = ready("web-1", minutes=1)
    pod["status"]["conditions"][0]["status"] = "False"
    assert verdict(world(behind("web", "web-1", ready=False), pod)) is Verdict.DEGRADED
    # Not ready, and published all the same.
    assert verdict(world(behind("web", "web-1", ready=True), pod)) is Verdict.DEGRADED


def test_a_flap_after_which_requests_fail_again_excuses_nothing() -> None:
    """However often it becomes ready."""
    flapped = world(behind("web", "web-1"), ready("web-1", minutes=2))
    assert verdict(flapped, minutes=1) is Verdict.DEGRADED
    assert verdict(flapped, minutes=3) is Verdict.HEALTHY


@pytest.mark.parametrize("address", ["10.42.1.1:8080", "10.42.1.1:9090", VIP, ""])
@pytest.mark.parametrize(
    "endpoints",
    [
        behind("web"),
        behind("web", "web-1", kind="VirtualMachine"),
        behind("web", "web-7"),
        a_slice("web", {"addresses": ["10.42.1.1"], "conditions": {}}),
    ],
)
def test_what_leads_to_no_pod_that_was_seen_is_not_over(address: str, endpoints: Plain) -> None:
    """No endpoint, none that is a pod, a pod that was not read."""
    assert verdict(world(endpoints, ready("web-1", minutes=5)), address) is Verdict.DEGRADED


@pytest.mark.parametrize("address", ["10.42.1.1:8080", VIP, "db.example.org:80", ""])
@pytest.mark.parametrize(
    "spec",
    [{"selector": None}, {"selector": None, "type": "ExternalName", "externalName": "db.example"}],
)
def test_a_service_without_a_selector_is_not_excused_by_a_pod(
    address: str, spec: dict[str, object]
) -> None:
    """Somebody else keeps its endpoints, or it has none."""
    kept = world(behind("web", "web-1"), ready("web-1", minutes=5), **spec)
    assert verdict(kept, address) is Verdict.DEGRADED


def test_a_port_that_no_endpoint_serves_is_not_the_pods() -> None:
    """On a node's network another pod may have it."""
    one = world(behind("web", "web-1"), ready("web-1", minutes=5))
    assert verdict(one, "10.42.1.1:9090") is Verdict.DEGRADED


def test_the_pods_of_a_headless_service_count_as_others_do() -> None:
    headless = world(behind("web", "web-1"), ready("web-1", minutes=5), clusterIP="None")
    assert verdict(headless) is Verdict.HEALTHY


def test_what_leads_to_a_traefik_service_is_judged_by_its_addresses_alone() -> None:
    """Which Services stand behind it is not asked."""
    indirect = a_route(a_rule({"name": "mix", "kind": "TraefikService"}))
    pods = (behind("web", "web-1"), ready("web-1", minutes=5))
    mixed = [NODE, a_service(), indirect, *pods]
    assert verdict(mixed) is Verdict.HEALTHY
    assert verdict(mixed, "") is Verdict.DEGRADED


def test_what_is_not_over_is_counted_without_what_is() -> None:
    """And the message names it alone."""
    two = world(behind("web", "web-1", "web-2"), ready("web-1", minutes=5), ready("web-2", days=1))
    failed = tuple(
        FailedRequests(count, f"502 at {address}", MOMENT - timedelta(minutes=6), address)
        for count, address in ((7, "10.42.1.1:8080"), (2, "10.42.1.2:8080"))
    )
    word = TraefikWord(failed={SITE: failed})
    judged = observed.worst(SITE, a_snapshot(*two, supplements={TraefikWord: word}), None)
    assert judged.message == (
        "2 requests did not reach a server, by Traefik's log: 502 at 10.42.1.2:8080."
    )
