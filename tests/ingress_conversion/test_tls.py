"""TLS and plain HTTP stay where they are, and every certificate is loaded."""

import time
from typing import Any

from bot.ingress_conversion.target import EntryPoints
from tests.ingress_conversion.ingresses import a_rule, an_ingress, manifests, said, target

SECRET = ({"hosts": ["a.example"], "secretName": "a-tls"},)
TWO = (*SECRET, {"hosts": ["b.example", "*.c.example"], "secretName": "b-tls"})


def shape(made: list[Any]) -> list[tuple[str, Any, Any, list[str]]]:
    """Of each IngressRoute: name, entrypoints, TLS, and the hosts of its routes."""
    return [
        (
            each["metadata"]["name"],
            each["spec"].get("entryPoints"),
            each["spec"].get("tls"),
            [route["match"].split("`")[1] for route in each["spec"]["routes"]],
        )
        for each in made
    ]


def test_an_ingress_with_a_certificate_serves_http_and_https() -> None:
    """`tls` of one IngressRoute on both entrypoints would take plain HTTP away."""
    assert shape(manifests(an_ingress(tls=SECRET))) == [
        ("web-web", ["web"], None, ["a.example"]),
        ("web-websecure", ["websecure"], {"secretName": "a-tls"}, ["a.example"]),
    ]


def test_without_a_certificate_one_ingress_route_does_on_every_entrypoint() -> None:
    assert shape(manifests(an_ingress())) == [("web", None, None, ["a.example"])]
    nameless = ({"hosts": ["a.example"]},)
    assert shape(manifests(an_ingress(tls=nameless))) == [("web", None, None, ["a.example"])]


def test_an_ingress_on_the_tls_entrypoint_alone_stays_there() -> None:
    made = manifests(an_ingress(tls=SECRET, annotations=said(router_entrypoints="websecure")))
    wanted = ("web", ["websecure"], {"secretName": "a-tls"}, ["a.example"])
    assert shape(made) == [wanted]


def test_a_certificate_is_loaded_where_only_plain_http_is_served_too() -> None:
    """Another router may need it; an IngressRoute without a route serves nothing."""
    made = manifests(an_ingress(tls=SECRET, annotations=said(router_entrypoints="web")))
    assert shape(made) == [
        ("web-web", ["web"], None, ["a.example"]),
        ("web-certificate", None, {"secretName": "a-tls"}, []),
    ]


def test_an_entrypoint_of_another_name_decides_itself_whether_it_speaks_tls() -> None:
    made = manifests(an_ingress(tls=SECRET, annotations=said(router_entrypoints="lan,websecure")))
    assert shape(made) == [
        ("web", ["lan", "websecure"], None, ["a.example"]),
        ("web-certificate", None, {"secretName": "a-tls"}, []),
    ]


def test_a_router_that_says_tls_speaks_it_on_all_its_entrypoints() -> None:
    both = manifests(an_ingress(tls=SECRET, annotations=said(router_tls="true")))
    assert shape(both) == [("web", None, {"secretName": "a-tls"}, ["a.example"])]
    annotations = said(router_tls="true", router_entrypoints="web,websecure")
    (made,) = manifests(an_ingress(tls=SECRET, annotations=annotations))
    assert made["spec"]["entryPoints"] == ["web", "websecure"]


def test_each_secret_has_an_ingress_route_with_the_routes_that_it_is_for() -> None:
    rules = [a_rule(host) for host in ("a.example", "b.example", "x.c.example", "other")]
    made = manifests(an_ingress(*rules, tls=TWO, annotations=said(router_entrypoints="websecure")))
    assert shape(made) == [
        ("web-websecure", ["websecure"], {"secretName": "a-tls"}, ["a.example", "other"]),
        (
            "web-websecure-2",
            ["websecure"],
            {"secretName": "b-tls"},
            ["b.example", "x.c.example"],
        ),
    ]


def test_a_secret_without_a_route_is_loaded_still() -> None:
    annotations = said(router_tls="true", router_tls_certresolver="le")
    made = manifests(an_ingress(tls=TWO, annotations=annotations))
    assert shape(made) == [
        ("web-tls", None, {"secretName": "a-tls", "certResolver": "le"}, ["a.example"]),
        ("web-certificate", None, {"secretName": "b-tls"}, []),
    ]


def test_a_caller_may_know_other_names_of_entrypoints() -> None:
    """The bot reads them from Traefik's arguments."""
    known = target(entry_points=EntryPoints(http=("lan",), https=("Secure", "out_side")))
    assert shape(manifests(an_ingress(tls=SECRET), to=known)) == [
        ("web-lan", ["lan"], None, ["a.example"]),
        ("web-secure-out-side", ["Secure", "out_side"], {"secretName": "a-tls"}, ["a.example"]),
    ]


def test_every_route_is_served_once_on_each_entrypoint() -> None:
    rules = [a_rule(host) for host in ("a.example", "b.example", "x.c.example", "other")]
    made = shape(manifests(an_ingress(*rules, tls=TWO)))
    for entry_point in ("web", "websecure"):
        hosts = [host for _, on, _, each in made if on == [entry_point] for host in each]
        assert sorted(hosts) == ["a.example", "b.example", "other", "x.c.example"]


def test_the_first_entry_with_a_secret_is_a_hosts_and_none_is_looked_for_again() -> None:
    """By name before a wildcard. An Ingress may have hundreds of paths, and thousands of hosts."""
    many = [{"hosts": ["z.example"] * 900, "secretName": "many"}] * 12
    named = [
        {"hosts": ["a.example"]},
        {"hosts": ["*.example"], "secretName": "any"},
        *({"hosts": ["a.example"], "secretName": name} for name in ("first", "second")),
    ]
    rules = [a_rule(f"{number}.none") for number in range(400)]
    hosts = [a_rule(host) for host in ("a.example", "b.example")]
    ingress = an_ingress(*rules, *hosts, tls=[*many, *named], annotations=said(router_tls="true"))
    took = []
    for _ in range(3):  # A garbage collection may fall on one of them.
        began = time.process_time()
        secrets = {
            host: tls["secretName"]
            for _, _, tls, its in shape(manifests(ingress))
            for host in its or [tls["secretName"]]
        }
        took.append(time.process_time() - began)
    assert min(took) < SECONDS
    assert secrets["a.example"] == "first"
    assert secrets["b.example"] == "any"
    assert secrets["399.none"] == "many"
    assert secrets["second"] == "second"


SECONDS = 0.1
"""Of CPU time: a hundredth is enough, and it took a fifth of a second."""
