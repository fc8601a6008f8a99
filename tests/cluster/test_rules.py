"""Traefik's rules as the real Traefik reads them: each verdict of ours is its own.

`rule_cases` holds the rules. Traefik lists a router that it refuses as disabled, with its reason.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from bot.routing.rules import RuleError, Syntax, parse
from bot.routing.unmatched import can_match
from bot.traefik.domain import router_names
from tests.cluster import traefik
from tests.cluster.rule_cases import HTTP_RULES, TCP_RULES, UNMATCHED
from tests.cluster.test_traefik import a_service
from tests.cluster.traefik import Traefik
from tests.clusters.real import RealCluster

PLACE = "rules"
KINDS = {"IngressRoute": HTTP_RULES, "IngressRouteTCP": TCP_RULES}


def a_route(kind: str, name: str, rules: tuple[str, ...], **extra: str) -> dict[str, Any]:
    """A route with these rules, all of which lead to one Service."""
    services = [{"name": "behind", "port": 80}]
    more = {"kind": "Rule"} if kind == "IngressRoute" else {}
    # Without TLS no server has a name, and Traefik refuses HostSNI of anything but `*`.
    tls: dict[str, Any] = {} if kind == "IngressRoute" else {"tls": {}}
    routes = [
        {"match": rule, "services": services, "priority": 10, **more, **extra} for rule in rules
    ]
    return {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, "namespace": PLACE},
        "spec": {"entryPoints": ["web"], "routes": routes, **tls},
    }


@pytest.fixture(scope="module")
def namespace(homelab: RealCluster) -> Iterator[RealCluster]:
    """A namespace with every rule twice: in the default syntax, and in that of Traefik 2."""
    if homelab.plane is None:
        pytest.skip("Traefik here needs the control plane of the tests' own")
    homelab.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": PLACE}})
    service = a_service("behind", "10.43.0.96")
    for item in service:
        item["metadata"]["namespace"] = PLACE
    routes = [
        a_route(kind, name, rules, **extra)
        for kind, rules in KINDS.items()
        for name, extra in (("plain", {}), ("elder", {"syntax": "v2"}))
    ]
    homelab.apply(*service, *routes)
    yield homelab
    homelab.kubectl("delete", "namespace", PLACE, "--wait=false")


def statuses(running: Traefik, kind: str, name: str) -> dict[str, str]:
    """What Traefik says of each rule of a route, by its text: enabled or disabled."""
    routers: Mapping[str, Any] = (
        running.routers() if kind == "IngressRoute" else running.tcp_routers()
    )
    named = {rule: router_names.of_route(PLACE, name, rule) for rule in KINDS[kind]}
    return {rule: str(routers[router]["status"]) for rule, router in named.items()}


def differences(running: Traefik, name: str, syntax: Syntax) -> list[str]:
    """The rules of which Traefik and our parser do not say the same."""
    differing: list[str] = []
    for kind in KINDS:
        for rule, status in statuses(running, kind, name).items():
            expression = parse(rule, syntax, tcp=kind == "IngressRouteTCP")
            if isinstance(expression, RuleError) == (status == "enabled"):
                differing.append(f"{kind} {rule!r} is {status}, and we say {expression}")
    return differing


def complete(running: Traefik) -> bool:
    """Whether Traefik has taken up every route."""
    prefix = f"{PLACE}-"
    http = [name for name in running.routers() if name.startswith(prefix)]
    tcp = [name for name in running.tcp_routers() if name.startswith(prefix)]
    return (len(http), len(tcp)) == (2 * len(HTTP_RULES), 2 * len(TCP_RULES))


@pytest.mark.parametrize("default", list(Syntax))
def test_traefik_and_the_parser_refuse_the_same_rules(
    namespace: RealCluster, tmp_path_factory: pytest.TempPathFactory, default: Syntax
) -> None:
    """In the syntax of version 3, in that of version 2, and where the arguments choose it."""
    folder = tmp_path_factory.mktemp("traefik")
    argument = f"--core.defaultrulesyntax={default}"
    with traefik.running(namespace, folder, argument) as running:
        running.until(lambda: complete(running), "every rule")
        assert differences(running, "plain", default) == []
        assert differences(running, "elder", Syntax.V2) == []


def test_what_no_request_matches_is_served_by_nobody(
    namespace: RealCluster, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Traefik enables such a rule, and answers 404 to the host that it was meant for."""
    for syntax, rules in UNMATCHED.items():
        for rule in rules:
            expression = parse(rule, syntax)
            assert not isinstance(expression, RuleError)
            assert not can_match(expression, syntax, wildcards=False), rule
    rules_by_host = {
        host: (rule, str(syntax))
        for syntax, rules in UNMATCHED.items()
        for rule, host in rules.items()
    }
    rules_by_host["sound.example"] = ("Host(`sound.example`)", "v3")
    routers = {
        router_names.normalized(host): {
            "rule": rule,
            "ruleSyntax": syntax,
            "service": "shut",
            "entryPoints": ["web"],
        }
        for host, (rule, syntax) in rules_by_host.items()
    }
    shut = {"loadBalancer": {"servers": [{"url": "http://127.0.0.1:1"}]}}
    folder = tmp_path_factory.mktemp("traefik")
    file = folder / "routers.yaml"
    file.write_text(json.dumps({"http": {"routers": routers, "services": {"shut": shut}}}))
    with traefik.running(namespace, folder, f"--providers.file.filename={file}") as running:
        running.until(lambda: running.get("sound.example")[0] == 502, "the sound route")
        own = {name: item for name, item in running.routers().items() if name.endswith("@file")}
        assert len(own) == len(routers)
        assert {router["status"] for router in own.values()} == {"enabled"}
        hosts = rules_by_host.keys() - {"sound.example"}
        assert {host: running.get(host)[0] for host in hosts} == dict.fromkeys(hosts, 404)
