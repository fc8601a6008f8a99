"""Traefik's own kinds: broken ones are failed with their reason, and are the cause of their routes.

What Traefik 3.6 says of each: tests/cluster/test_objects.py.
"""

from typing import Any

import pytest

from bot.domain.finding import HEALTHY, Judgement, Ref
from bot.domain.report import examine
from bot.domain.resources.core import SecretName
from bot.domain.verdict import Verdict
from bot.health.checks import (
    CHECKS,
    routes_ingressroute,
    routes_ingressroutetcp,
    routes_ingressrouteudp,
    traefik_middlewares,
    traefik_services,
    traefik_tls,
)
from bot.health.offline import judge
from tests.builders import Plain, a_pod, an_object
from tests.net.networks import (
    TRAEFIK,
    WEB,
    a_route,
    a_rule,
    a_service,
    a_slice,
    a_snapshot,
    judged,
    labelled,
)

JUDGES: dict[str, Any] = {
    "IngressRoute": routes_ingressroute.judge,
    "IngressRouteTCP": routes_ingressroutetcp.judge,
    "IngressRouteUDP": routes_ingressrouteudp.judge,
    "Middleware": traefik_middlewares.judge,
    "MiddlewareTCP": traefik_middlewares.judge_tcp,
    "TraefikService": traefik_services.judge,
    "TLSOption": traefik_tls.judge_option,
    "TLSStore": traefik_tls.judge_store,
    "ServersTransport": traefik_tls.judge_transport,
    "ServersTransportTCP": traefik_tls.judge_transport,
}


def own(kind: str, name: str = "own", namespace: str = "apps", **spec: Any) -> Plain:
    """An object of one of Traefik's kinds."""
    return an_object(kind, name, TRAEFIK, namespace, spec=spec)


def verdict(plain: Plain, *others: Plain, **rest: Any) -> Judgement:
    """What its check says of it."""
    return judged(JUDGES[plain["kind"]], plain, *others, **rest)


def a_traefik(*arguments: str, version: str = "3.6.2") -> Plain:
    """A running Traefik."""
    pod = labelled(
        a_pod("traefik", namespace="kube-system"), **{"app.kubernetes.io/name": "traefik"}
    )
    container = {"image": f"traefik:{version}", "args": ["--providers.kubernetescrd", *arguments]}
    pod["spec"]["containers"][0] |= container
    return pod


BROKEN_MIDDLEWARES = {
    "nothing": ({}, "MiddlewareNotValid"),
    "two kinds": (
        {"compress": {}, "stripPrefix": {"prefixes": ["/a"]}},
        "MiddlewareNotValid",
    ),
    "redirect": ({"redirectRegex": {"regex": "^(a", "replacement": "b"}}, "MiddlewareNotValid"),
    "replace": ({"replacePathRegex": {"regex": "a**"}}, "MiddlewareNotValid"),
    "strip": ({"stripPrefixRegex": {"regex": ["/a", "[z-a]"]}}, "MiddlewareNotValid"),
    "origin": (
        {"headers": {"accessControlAllowOriginListRegex": ["(?!a)"]}},
        "MiddlewareNotValid",
    ),
    "range": ({"ipAllowList": {"sourceRange": ["10.0.0.0/33"]}}, "MiddlewareNotValid"),
    "space": ({"ipAllowList": {"sourceRange": [" 10.0.0.0/8"]}}, "MiddlewareNotValid"),
    "not a range": ({"ipWhiteList": {"sourceRange": []}}, "MiddlewareNotValid"),
    "prefix": ({"addPrefix": {}}, "MiddlewareNotValid"),
    "scheme": ({"redirectScheme": {"permanent": True}}, "MiddlewareNotValid"),
    "retry": ({"retry": {}}, "MiddlewareNotValid"),
    "no secret": ({"basicAuth": {}}, "MiddlewareNotValid"),
    "secret": ({"basicAuth": {"secret": "gone"}}, "MiddlewareWithoutSecret"),
    "digest": ({"digestAuth": {"secret": "gone"}}, "MiddlewareWithoutSecret"),
    "ca": (
        {"forwardAuth": {"address": "http://a", "tls": {"caSecret": "gone"}}},
        "MiddlewareWithoutSecret",
    ),
    "page": ({"errors": {"service": {"name": "gone", "port": 80}}}, "ServiceNotFound"),
    "chain": ({"chain": {"middlewares": [{"name": "gone"}]}}, "MiddlewareNotFound"),
    "itself": ({"chain": {"middlewares": [{"name": "own"}]}}, "MiddlewareLoop"),
    "breaker": (
        {"circuitBreaker": {"expression": "NetworkErrorRatio( > 0.5"}},
        "MiddlewareNotValid",
    ),
    "breakers": (
        {"circuitBreaker": {"expression": "NetworkErrorRatio() > 0.5 or Latency() > 1"}},
        "MiddlewareNotValid",
    ),
    "no expression": ({"circuitBreaker": {}}, "MiddlewareNotValid"),
    "plugin": ({"plugin": {"geoblock": {"allowed": ["DE"]}}}, "PluginNotKnown"),
    "plugins": ({"plugin": {"known": {}, "other": {}}}, "MiddlewareNotValid"),
}


@pytest.mark.parametrize("name", BROKEN_MIDDLEWARES)
def test_a_broken_middleware_has_failed_and_is_the_cause_of_its_routes(name: str) -> None:
    """Traefik refuses a whole route with one that it cannot build."""
    spec, reason = BROKEN_MIDDLEWARES[name]
    middleware = own("Middleware", **spec)
    traefik = a_traefik("--experimental.plugins.known.modulename=example.org/known")
    found = verdict(middleware, traefik, *WEB)
    assert (found.verdict, found.reason) == (Verdict.FAILED, reason)
    route = a_route(a_rule(middlewares=[{"name": "own"}]))
    affected = verdict(route, middleware, traefik, *WEB)
    assert affected.verdict is Verdict.FAILED
    assert affected.follows == (Ref("Middleware", "apps", "own"),)


SOUND_MIDDLEWARES: list[Plain] = [
    {"circuitBreaker": {"expression": "NetworkErrorRatio() > 0.30"}},
    {"circuitBreaker": {"expression": "NetworkErrorRatio() > .3 || LatencyAtQuantileMS(5e1) > 9"}},
    {
        "circuitBreaker": {
            "expression": "(LatencyAtQuantileMS(50.0) > 100 && NetworkErrorRatio() >= 0.1) "
            "|| ResponseCodeRatio(500, 600, 0, 600) > 0.25"
        }
    },
    {"compress": {}},
    {"redirectRegex": {"regex": "^https?://([a-z]{2})\\.example/(.*)", "replacement": "$1"}},
    {"ipAllowList": {"sourceRange": ["10.0.0.1", "fd00::/8"]}},
    {"chain": {"middlewares": [{"name": "auth@file"}, {"name": "other"}]}},
    {"plugin": {"Known": {"a": "b"}}},
    {"errors": {"status": ["500"], "service": {"name": "web", "port": 80}}},
    {"basicAuth": {"secret": "users"}},
    {"headers": {"customRequestHeaders": {"Authorization": "x"}}},
]


@pytest.mark.parametrize("spec", SOUND_MIDDLEWARES)
def test_a_sound_middleware_is_not_remarked_on(spec: Plain) -> None:
    """Nor is a route with it."""
    around = (
        a_traefik("--experimental.localPlugins.known.moduleName=example.org/known"),
        own("Middleware", "other", compress={}),
        an_object("Secret", "users"),
        *WEB,
    )
    middleware = own("Middleware", **spec)
    assert verdict(middleware, *around) is HEALTHY
    assert verdict(a_route(a_rule(middlewares=[{"name": "own"}])), middleware, *around) is HEALTHY


def test_what_is_not_seen_of_a_middleware_is_not_held_against_it() -> None:
    """Secrets may not be listed, arguments stand in a file, and a saved file has no other files."""
    plugin = own("Middleware", plugin={"geoblock": {}})
    assert verdict(plugin, a_traefik("--configfile=/etc/traefik.yaml")) is HEALTHY
    assert verdict(plugin) is HEALTHY
    chain = own("Middleware", chain={"middlewares": [{"name": "gone"}]})
    assert verdict(chain, live=False) is HEALTHY


def test_a_chain_in_a_chain_is_broken_by_what_it_holds() -> None:
    """The cause is the innermost one."""
    inner = own("Middleware", "inner", redirectRegex={"regex": "("})
    middle = own("Middleware", "middle", chain={"middlewares": [{"name": "inner"}]})
    outer = own("Middleware", "outer", chain={"middlewares": [{"name": "middle"}]})
    route = a_route(a_rule(middlewares=[{"name": "outer"}]))
    report = examine(a_snapshot(route, inner, middle, outer, *WEB), CHECKS)
    assert [str(root.subject) for root in report.roots] == ["Middleware apps/inner"]


def weighted(*services: Plain, name: str = "own") -> Plain:
    """A TraefikService that spreads requests over these."""
    return own("TraefikService", name, weighted={"services": list(services)})


TO_WEB = {"name": "web", "port": 80}
BROKEN_SERVICES = {
    "missing": (weighted({"name": "gone", "port": 80}, TO_WEB), "ServiceNotFound"),
    "port": (weighted({"name": "web", "port": 81}), "PortNotFound"),
    "empty": (weighted(), "NoServices"),
    "itself": (weighted({"kind": "TraefikService", "name": "own"}), "ServiceLoop"),
    "other": (weighted({"kind": "TraefikService", "name": "gone"}), "TraefikServiceNotFound"),
    "mirror": (
        own("TraefikService", mirroring={**TO_WEB, "mirrors": [{"name": "gone", "port": 80}]}),
        "ServiceNotFound",
    ),
    "cross": (
        weighted({"name": "web", "port": 80, "namespace": "other"}),
        "CrossNamespaceNotAllowed",
    ),
}


@pytest.mark.parametrize("name", BROKEN_SERVICES)
def test_a_traefik_service_that_leads_nowhere_is_the_cause_of_its_routes(name: str) -> None:
    """Traefik builds none of which one reference is missing."""
    service, reason = BROKEN_SERVICES[name]
    found = verdict(service, a_traefik(), *WEB)
    assert (found.verdict, found.reason) == (Verdict.FAILED, reason)
    route = a_route(a_rule({"kind": "TraefikService", "name": "own"}))
    affected = verdict(route, service, a_traefik(), *WEB)
    assert affected.verdict is Verdict.FAILED
    assert affected.follows == (Ref("TraefikService", "apps", "own"),)


def test_traefik_services_in_a_circle_have_failed_and_so_has_what_leads_there() -> None:
    """Traefik says "recursion detected" of each."""
    first = weighted({"kind": "TraefikService", "name": "second"}, name="first")
    second = weighted({"kind": "TraefikService", "name": "first"}, name="second")
    before = weighted({"kind": "TraefikService", "name": "first"})
    for service in (first, second, before):
        assert verdict(service, first, second, before).reason == "ServiceLoop"


def test_a_sound_traefik_service_is_not_remarked_on() -> None:
    """By weight, by a mirror without an endpoint in part, and of a kind that is not known here."""
    inner = weighted(TO_WEB, name="inner")
    sound = (
        weighted(TO_WEB, {"kind": "TraefikService", "name": "inner"}),
        weighted({"kind": "TraefikService", "name": "api@internal"}),
        own("TraefikService", failover={"service": "web"}),
    )
    for service in sound:
        assert verdict(service, inner, *WEB) is HEALTHY


TCP_RULE = {"match": "HostSNI(`*`)", "services": [TO_WEB]}


def a_tcp_route(*rules: Plain, **spec: Any) -> Plain:
    """An IngressRouteTCP."""
    return own("IngressRouteTCP", routes=list(rules) or [TCP_RULE], **spec)


BROKEN_TCP = {
    "service": (
        a_tcp_route({**TCP_RULE, "services": [{"name": "gone", "port": 1}]}),
        "ServiceNotFound",
    ),
    "port": (a_tcp_route({**TCP_RULE, "services": [{"name": "web", "port": 1}]}), "PortNotFound"),
    "none": (a_tcp_route({**TCP_RULE, "services": []}), "NoServices"),
    "rule": (a_tcp_route({**TCP_RULE, "match": "HostSNI(`*`"}), "RuleNotValid"),
    "matcher": (a_tcp_route({**TCP_RULE, "match": "Host(`a.example`)"}), "RuleNotValid"),
    "alpn": (a_tcp_route({**TCP_RULE, "match": "ALPN(`acme-tls/1`)"}), "RuleNotValid"),
    "empty": (a_tcp_route({**TCP_RULE, "match": ""}), "EmptyRule"),
    "name": (a_tcp_route({**TCP_RULE, "match": "HostSNI(`a.example`)"}), "ServerNameNeedsTls"),
    "middleware": (
        a_tcp_route({**TCP_RULE, "middlewares": [{"name": "gone"}]}),
        "MiddlewareTCPNotFound",
    ),
    "option": (a_tcp_route(tls={"options": {"name": "gone"}}), "TLSOptionNotFound"),
    "transport": (
        a_tcp_route({**TCP_RULE, "services": [{**TO_WEB, "serversTransport": "gone"}]}),
        "ServersTransportTCPNotFound",
    ),
    "cross": (
        a_tcp_route({**TCP_RULE, "services": [{**TO_WEB, "namespace": "other"}]}),
        "CrossNamespaceNotAllowed",
    ),
    "entrypoint": (a_tcp_route(entryPoints=["gone"]), "EntryPointNotFound"),
}


@pytest.mark.parametrize("name", BROKEN_TCP)
def test_a_broken_tcp_route_has_failed(name: str) -> None:
    """By the reason that Traefik has, too."""
    route, reason = BROKEN_TCP[name]
    found = verdict(route, a_traefik("--entrypoints.db.address=:5432"), *WEB)
    assert (found.verdict, found.reason) == (Verdict.FAILED, reason)


def test_a_tcp_route_goes_on_with_the_services_that_work() -> None:
    """Traefik leaves out the others."""
    gone = {"name": "gone", "port": 80}
    found = verdict(a_tcp_route({**TCP_RULE, "services": [gone, TO_WEB]}), *WEB)
    assert (found.verdict, found.reason) == (Verdict.DEGRADED, "ServiceNotFound")


@pytest.mark.parametrize(
    "route",
    [
        a_tcp_route(),
        a_tcp_route({**TCP_RULE, "match": "HostSNI(`a.example`)"}, tls={"passthrough": True}),
        a_tcp_route({**TCP_RULE, "match": "HostSNI(`*`) && ClientIP(`10.0.0.0/8`)"}),
        a_tcp_route({**TCP_RULE, "match": "HostSNI(`a`,`b`)", "syntax": "v2"}, tls={}),
        a_tcp_route({**TCP_RULE, "middlewares": [{"name": "own"}]}),
        own("IngressRouteUDP", routes=[{"services": [TO_WEB]}]),
    ],
)
def test_a_sound_tcp_or_udp_route_is_not_remarked_on(route: Plain) -> None:
    """With TLS, without it, and with a middleware."""
    allowed = own("MiddlewareTCP", ipAllowList={"sourceRange": ["10.0.0.0/8"]})
    assert verdict(route, allowed, a_traefik(), *WEB) is HEALTHY


def test_a_broken_middleware_of_tcp_is_the_cause_of_its_route() -> None:
    """An invalid range makes Traefik refuse the route."""
    broken = own("MiddlewareTCP", ipAllowList={"sourceRange": ["10.0.0.0/33"]})
    assert verdict(broken).verdict is Verdict.FAILED
    found = verdict(a_tcp_route({**TCP_RULE, "middlewares": [{"name": "own"}]}), broken, *WEB)
    assert (found.verdict, found.follows) == (
        Verdict.FAILED,
        (Ref("MiddlewareTCP", "apps", "own"),),
    )


def test_a_udp_route_without_a_service_or_an_endpoint_has_failed() -> None:
    """The Service's own finding is the cause of the second."""
    gone = own("IngressRouteUDP", routes=[{"services": [{"name": "gone", "port": 53}]}])
    assert verdict(gone, *WEB).reason == "ServiceNotFound"
    idle = (a_service("dns", ports=[{"port": 53, "protocol": "UDP"}]), a_slice("dns"))
    found = verdict(
        own("IngressRouteUDP", routes=[{"services": [{"name": "dns", "port": 53}]}]), *idle
    )
    assert (found.verdict, found.follows) == (Verdict.FAILED, (Ref("Service", "apps", "dns"),))


BROKEN_OPTIONS = {
    "cipher": ({"cipherSuites": ["NOPE"]}, "TLSOptionNotValid", Verdict.FAILED),
    "curve": ({"curvePreferences": ["P999"]}, "TLSOptionNotValid", Verdict.FAILED),
    "type": ({"clientAuth": {"clientAuthType": "Always"}}, "TLSOptionNotValid", Verdict.FAILED),
    "no ca": (
        {"clientAuth": {"clientAuthType": "RequireAndVerifyClientCert"}},
        "TLSOptionNotValid",
        Verdict.FAILED,
    ),
    "ca": (
        {"clientAuth": {"clientAuthType": "VerifyClientCertIfGiven", "secretNames": ["gone"]}},
        "SecretNotFound",
        Verdict.FAILED,
    ),
    "one ca": (
        {
            "clientAuth": {
                "clientAuthType": "VerifyClientCertIfGiven",
                "secretNames": ["gone", "ca"],
            }
        },
        "SecretNotFound",
        Verdict.DEGRADED,
    ),
    "version": ({"minVersion": "TLS1.2"}, "VersionNotKnown", Verdict.DEGRADED),
}


@pytest.mark.parametrize("name", BROKEN_OPTIONS)
def test_a_tls_option_that_traefik_refuses_is_the_cause_of_its_routes(name: str) -> None:
    """A version that it does not know is ignored, which makes no route fail."""
    spec, reason, expected = BROKEN_OPTIONS[name]
    around = (an_object("Secret", "ca"), *WEB)
    option = own("TLSOption", **spec)
    found = verdict(option, *around)
    assert (found.verdict, found.reason) == (expected, reason)
    for route in (
        a_route(a_rule(), tls={"options": {"name": "own"}}),
        a_tcp_route(tls={"options": {"name": "own"}}),
    ):
        affected = verdict(route, option, *around)
        assert (affected.verdict, affected.follows) == (
            expected,
            (Ref("TLSOption", "apps", "own"),),
        )


def test_a_default_that_is_there_twice_is_used_by_nobody() -> None:
    """Of TLSStores and TLSOptions alike; one in one namespace is as it should be."""
    for kind in ("TLSStore", "TLSOption"):
        first, second = own(kind, "default"), own(kind, "default", "other")
        assert verdict(first, second).reason == "DefaultTwice"
        assert verdict(first) is HEALTHY


def test_secrets_of_stores_and_transports_that_do_not_exist_are_told() -> None:
    """The route that goes by the transport is degraded by it."""
    around = (an_object("Secret", "ca"), *WEB)
    store = own("TLSStore", "default", defaultCertificate={"secretName": "gone"})
    assert verdict(store, *around).reason == "SecretNotFound"
    for spec in ({"rootCAsSecrets": ["gone"]}, {"rootCAs": [{"secret": "gone"}]}):
        transport = own("ServersTransport", **spec)
        assert verdict(transport, *around).reason == "SecretNotFound"
        route = a_route(a_rule({**TO_WEB, "serversTransport": "own"}))
        found = verdict(route, transport, *around)
        assert (found.verdict, found.follows) == (
            Verdict.DEGRADED,
            (Ref("ServersTransport", "apps", "own"),),
        )
    sound = (
        own("ServersTransport", rootCAsSecrets=["ca"]),
        own("ServersTransport", rootCAs=[{"configMap": "gone"}]),
        own("ServersTransport", rootCAsSecrets=["gone"], insecureSkipVerify=True),
        own("ServersTransportTCP", tls={"rootCAsSecrets": ["ca"]}),
    )
    for transport in sound:
        assert verdict(transport, *around) is HEALTHY


def test_where_secrets_are_not_listed_none_is_missing() -> None:
    """Their names are read only where the owner allows it; `judge` says that nobody looked."""
    for plain in (
        own("TLSStore", "default", defaultCertificate={"secretName": "gone"}),
        own("TLSOption", clientAuth={"secretNames": ["gone"]}),
        own("ServersTransport", rootCAsSecrets=["gone"]),
        own("ServersTransportTCP", tls={"certificatesSecrets": ["gone"]}),
        own("Middleware", basicAuth={"secret": "gone"}),
    ):
        assert verdict(plain, unseen=(SecretName,)) is HEALTHY
        (alone,) = judge([plain])
        assert (alone.verdict, alone.reason) == (Verdict.HEALTHY, "SecretNotSeen")


def test_deep_chains_are_followed_without_recursion() -> None:
    """A hostile tenant may write thousands that name each other."""
    names = [f"m{number}" for number in range(3000)]
    chains = [
        own("Middleware", name, chain={"middlewares": [{"name": following}] * 2})
        for name, following in zip(names, [*names[1:], "gone"], strict=True)
    ]
    assert verdict(chains[0], *chains).reason == "MiddlewareNotFound"


def a_second_traefik(image: str, *arguments: str, **rest: Any) -> Plain:
    """A Traefik without the label, of a class and with an entrypoint of its own."""
    pod = a_pod("second", namespace="edge")
    pod["spec"]["containers"][0] |= {"image": image, "args": list(arguments), **rest}
    return pod


FIRST = a_traefik("--providers.kubernetescrd.ingressclass=inner", "--entrypoints.web.address=:80")
OUTER = ("--Providers.KubernetesCRD.ingressClass=outer", "--entrypoints.lan.address=:81")


@pytest.mark.parametrize(
    "second",
    [
        a_second_traefik("registry.example/edge:1", *OUTER),
        a_second_traefik("docker.io/library/traefik:v3.6.2", command=["traefik", *OUTER]),
        a_second_traefik("traefik@sha256:0123", "--configfile=/etc/traefik.yaml"),
        a_second_traefik("traefik"),
    ],
)
def test_a_second_traefik_without_the_label_serves_its_class_and_entrypoints(second: Plain) -> None:
    """By its image or its arguments; where its settings are not seen, nothing is said."""
    route = a_route(a_rule(), entryPoints=["lan"])
    route["metadata"]["annotations"] = {"kubernetes.io/ingress.class": "outer"}
    assert verdict(route, FIRST, *WEB).reason == "ClassNotServed"
    assert verdict(route, FIRST, second, *WEB) is HEALTHY


@pytest.mark.parametrize(
    "other",
    [
        a_second_traefik("traefik:v3.6.2", "--providers.file.directory=/etc/routes"),
        a_second_traefik("traefik/whoami:v1.11", "--verbose"),
        a_second_traefik("registry.example/not-traefik:1"),
    ],
)
def test_a_pod_that_reads_no_routes_of_the_cluster_is_no_second_traefik(other: Plain) -> None:
    """A Traefik for files, and images with another name."""
    route = a_route(a_rule())
    route["metadata"]["annotations"] = {"kubernetes.io/ingress.class": "outer"}
    assert verdict(route, FIRST, other, *WEB).reason == "ClassNotServed"


EMPTY = (a_service("idle"), a_slice("idle"))
TO_IDLE = {"name": "idle", "port": 80}
ALLOW_EMPTY = "--providers.kubernetescrd.allowEmptyServices=true"
TWO = a_route(a_rule(TO_WEB, TO_IDLE))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), Verdict.FAILED),
        ((ALLOW_EMPTY,), Verdict.DEGRADED),
        (("--configfile=/etc/traefik.yaml",), Verdict.DEGRADED),
        (("--providers.kubernetescrd.nativeLBByDefault",), Verdict.DEGRADED),
    ],
)
def test_traefik_drops_a_rule_with_an_empty_service_unless_it_allows_those(
    arguments: tuple[str, ...], expected: Verdict
) -> None:
    """Where its arguments are known; with nativeLB it does not look for endpoints."""
    found = verdict(TWO, a_traefik(*arguments), *WEB, *EMPTY)
    assert (found.verdict, found.reason) == (expected, "NoReadyEndpoints")
    assert ("allowEmptyServices is off" in found.message) == (expected is Verdict.FAILED)
    both = weighted(TO_WEB, TO_IDLE)
    assert verdict(both, a_traefik(*arguments), *WEB, *EMPTY).verdict is expected
    mirror = own("TraefikService", mirroring={**TO_WEB, "mirrors": [TO_IDLE]})
    assert verdict(mirror, a_traefik(*arguments), *WEB, *EMPTY).verdict is expected


def test_a_service_of_error_pages_without_endpoints_fails_what_uses_it_where_traefik_drops_it() -> (
    None
):
    """The Middleware is not built, so Traefik refuses its routes; else only the pages are gone."""
    pages = own("Middleware", errors={"status": ["500"], "service": TO_IDLE})
    route = a_route(a_rule(middlewares=[{"name": "own"}]))
    for each in (pages, route):
        around = (pages, *WEB, *EMPTY)
        assert verdict(each, a_traefik(), *around).verdict is Verdict.FAILED
        assert verdict(each, a_traefik(ALLOW_EMPTY), *around) is HEALTHY
        assert verdict(each, *around) is HEALTHY


REFUSED_SERVICES = [
    ({**TO_WEB, "scheme": "HTTPS"}, "SchemeNotValid"),
    ({**TO_WEB, "scheme": "tcp"}, "SchemeNotValid"),
    ({**TO_WEB, "healthCheck": {"path": "/ready"}}, "HealthCheckNotAllowed"),
]


@pytest.mark.parametrize(("service", "reason"), REFUSED_SERVICES)
def test_what_traefik_refuses_of_a_service_fails_what_leads_to_it(
    service: Plain, reason: str
) -> None:
    """The rule of an IngressRoute, a TraefikService, and error pages."""
    for each in (
        a_route(a_rule(service)),
        a_route(a_rule(TO_WEB, service)),
        weighted(TO_WEB, service),
        own("Middleware", errors={"service": service}),
    ):
        found = verdict(each, a_traefik(), *WEB)
        assert (found.verdict, found.reason) == (Verdict.FAILED, reason)


@pytest.mark.parametrize("scheme", ["", "http", "https", "h2c"])
def test_the_schemes_that_traefik_knows_are_not_remarked_on(scheme: str) -> None:
    """Without one, the port decides."""
    assert verdict(a_route(a_rule({**TO_WEB, "scheme": scheme})), a_traefik(), *WEB) is HEALTHY


def test_a_health_check_is_for_external_names_only_and_unknown_to_traefik_2() -> None:
    """It is allowed for the first, and the second does not read it."""
    far = a_service("far", type="ExternalName", externalName="far.example", selector=None)
    checked = {"name": "far", "port": 80, "healthCheck": {"path": "/ready"}}
    allow = "--providers.kubernetescrd.allowExternalNameServices"
    assert verdict(a_route(a_rule(checked)), a_traefik(allow), far) is HEALTHY
    near = a_route(a_rule({**TO_WEB, "healthCheck": {"path": "/ready"}}))
    assert verdict(near, a_traefik(version="2.11.0"), *WEB) is HEALTHY


@pytest.mark.parametrize(
    "cipher",
    ["TLS_AES_128_GCM_SHA257", "TLS_RSA_WITH_NULL_SHA", "TLS_ECDHE_RSA_WITH_AES_512_GCM_SHA384"],
)
def test_a_cipher_suite_that_only_looks_like_one_is_refused(cipher: str) -> None:
    """The list of names is closed."""
    found = verdict(own("TLSOption", cipherSuites=[cipher]))
    assert (found.verdict, found.reason) == (Verdict.FAILED, "TLSOptionNotValid")


@pytest.mark.parametrize(
    "cipher",
    [
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
        "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
        "TLS_FALLBACK_SCSV",
    ],
)
def test_the_cipher_suites_of_go_are_not_remarked_on(cipher: str) -> None:
    """Old ones, new ones, and both names of ChaCha20."""
    assert verdict(own("TLSOption", cipherSuites=[cipher])) is HEALTHY


@pytest.mark.parametrize(
    ("arguments", "known"),
    [
        (("--certificatesresolvers.le.acme.email=me@example.org",), True),
        (("--certificatesResolvers.LE.acme.tlsChallenge=true",), True),
        (("--certificatesresolvers.other.acme.email=me@example.org",), False),
        ((), False),
        (("--configFile=/etc/traefik.yaml",), True),
    ],
)
def test_a_certificate_resolver_that_traefik_lacks_is_degraded(
    arguments: tuple[str, ...], known: bool
) -> None:
    """The route works, with Traefik's own certificate. What a file names is not seen."""
    traefik = a_traefik(*arguments)
    tcp = a_tcp_route(tls={"certResolver": "le"})
    plain = a_route(a_rule())
    plain["spec"]["tls"] = {"certResolver": "le"}
    for route in (plain, tcp):
        found = verdict(route, traefik, *WEB)
        assert (found.verdict, found.reason) == (
            (Verdict.HEALTHY, "") if known else (Verdict.DEGRADED, "ResolverNotKnown")
        )
    assert verdict(plain, *WEB).verdict is Verdict.HEALTHY


def test_a_route_with_a_middleware_that_cannot_be_read_is_not_known_to_work() -> None:
    """The schema of an elder Traefik lets names stand where objects are expected."""
    chain = own("Middleware", chain={"middlewares": ["limit"]})
    found = verdict(a_route(a_rule(middlewares=[{"name": "own"}])), chain, a_traefik(), *WEB)
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "Malformed")
    assert found.follows == (Ref("Middleware", "apps", "own"),)
