"""Which hosts the rules of routes are for."""

import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.finding import Ref
from bot.domain.resources import networking
from bot.domain.resources.decode import decode_object
from bot.domain.snapshot import Snapshot
from bot.sites.domain.hosts import MOST, site_rules
from tests.builders import an_object
from tests.net.networks import MOMENT, a_snapshot
from tests.net.test_route_resolution import an_ingress
from tests.sites.world import ROUTE, a_site_route

NAMELESS = f"any host ({ROUTE})"


@pytest.mark.parametrize(
    ("match", "hosts"),
    [
        ("Host(`A.Example`)", ["a.example"]),
        ("Host(`a.example`) || Host(`b.example`) && PathPrefix(`/x`)", ["a.example", "b.example"]),
        ("Host(`a.example`, `b.example`)", ["a.example", "b.example"]),
        ("Host(`a.example`) && !Host(`b.example`)", ["a.example"]),
        ("!Host(`b.example`)", [NAMELESS]),
        ("PathPrefix(`/api`)", [NAMELESS]),
        ("HostRegexp(`^.+\\.example$`)", ["HostRegexp(`^.+\\.example$`)"]),
        ("Host(`a.example", [NAMELESS]),
        ("", [NAMELESS]),
    ],
)
def test_a_host_is_what_a_rule_says_and_never_a_guess(match: str, hosts: list[str]) -> None:
    """A rule without one, with a pattern, or that cannot be read is named as what it is."""
    route = a_site_route(match) if match else a_site_route("")
    assert [rule.host for rule in site_rules(a_snapshot(route)).rules] == hosts


def test_the_old_syntax_is_read_where_a_rule_asks_for_it() -> None:
    """In version 2 braces hold a pattern."""
    route = a_site_route("HostRegexp(`{name:[a-z]+}.example`)")
    route["spec"]["routes"][0]["syntax"] = "v2"
    (rule,) = site_rules(a_snapshot(route)).rules
    assert rule.host == "HostRegexp(`{name:[a-z]+}.example`)"


def test_an_ingress_has_a_site_for_each_host_and_one_for_any() -> None:
    """With the Service and the TLS secret of each."""
    ingress = an_ingress("web", "A.example")
    spec = ingress["spec"]
    spec["tls"] = [{"hosts": ["A.example"], "secretName": "a-tls"}]
    spec["defaultBackend"] = {"service": {"name": "else", "port": {"number": 80}}}
    named, other = site_rules(a_snapshot(ingress)).rules
    assert (named.host, named.match) == ("a.example", "A.example/")
    assert named.certificates == (Ref("Secret", "apps", "a-tls"),)
    assert named.services == (Ref("Service", "apps", "web"),)
    assert other.host == "any host (Ingress apps/web)"
    assert other.services == (Ref("Service", "apps", "else"),)


def test_the_first_entry_for_a_host_counts_and_none_is_looked_for_again() -> None:
    """An Ingress may have thousands of paths, and thousands of hosts in its TLS."""
    ingress = an_ingress("web", "a.example")
    (rule,) = ingress["spec"]["rules"]
    rule["http"]["paths"] = rule["http"]["paths"] * 900
    ingress["spec"]["rules"] = [rule, *({**rule, "host": "b.example"},) * 3]
    many = [{"hosts": ["c.example"] * 900, "secretName": "many"}] * 20
    named = [{"hosts": ["a.example"], "secretName": name} for name in ("first", "second")]
    ingress["spec"]["tls"] = [*many, *named]
    decoded = decode_object(msgspec.json.encode(ingress), networking.Ingress)
    snapshot = Snapshot(MOMENT, {networking.Ingress: (decoded,)})
    began = time.process_time()
    rules = site_rules(snapshot).rules
    assert time.process_time() - began < SECONDS
    assert len(rules) == MOST
    assert {rule.certificates for rule in rules if rule.host == "a.example"} == {
        (Ref("Secret", "apps", "first"),)
    }


SECONDS = 0.3
"""Of CPU time: a few hundredths are enough, and it took seconds."""


def test_what_is_no_service_is_no_backend() -> None:
    """A TraefikService stands for others, which this rule does not name."""
    route = a_site_route()
    route["spec"]["routes"][0]["services"] = [{"kind": "TraefikService", "name": "api@internal"}]
    (rule,) = site_rules(a_snapshot(route)).rules
    assert rule.services == ()


@given(match=st.text(max_size=60), host=st.text(max_size=30), namespace=st.text(max_size=9))
def test_any_rule_makes_a_named_site(match: str, host: str, namespace: str) -> None:
    """Whoever may write a route writes what they like."""
    route = a_site_route(match, f"Host(`{host}`)")
    rules = [
        *site_rules(a_snapshot(route, an_object("Ingress", "x", "networking.k8s.io/v1"))).rules
    ]
    assert len(rules) >= 2
    assert all(rule.host for rule in rules)
    assert not list(site_rules(a_snapshot(route), f"no-{namespace}").rules)


def test_rules_beyond_the_share_of_a_namespace_are_reported_and_others_keep_theirs() -> None:
    """Also where one Ingress has them all."""
    paths = [{"path": f"/{number}", "backend": {}} for number in range(MOST - 1)]
    rules = [{"host": "many.example", "http": {"paths": paths}}] * 2
    ingress = an_object("Ingress", "many", "networking.k8s.io/v1", spec={"rules": rules})
    ingress["metadata"]["namespace"] = "tenant"
    found = site_rules(a_snapshot(ingress, a_site_route()))
    assert [rule.host for rule in found.rules].count("many.example") == MOST
    assert len(found.rules) == MOST + 1
    assert found.left_out == ("Ingress in tenant",)
