"""What lines of Traefik's log tell: real ones of every version, written ones of every format."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.traefik.domain.log_events import (
    Cause,
    Irrelevant,
    LogReason,
    Origin,
    ProviderError,
    ServedRequest,
    ServerCreated,
    UpstreamError,
)
from bot.traefik.domain.log_parser import LONGEST, address_of, cause_of, parse

ROUTER = "apps-site-1a2b3c4d5e6f7a8b9c0d@kubernetescrd"
POD = "http://10.42.1.7:8080"
SEEN = "2026-11-23T11:58:00.5Z"

EXPECTED = {
    ("creating-server", "v1", "ServerCreated"): 3,
    ("creating-server", "v2", "ServerCreated"): 2,
    ("dial-refused", "v1", "UpstreamError"): 1,
    ("dial-refused-502", "v3", "UpstreamError"): 1,
    ("dial-timeout-504", "v1", "UpstreamError"): 2,
    ("502-eof", "v2", "UpstreamError"): 1,
    ("dial-noroute-502", "v2", "UpstreamError"): 1,
    ("dial-noroute-tcp", "v2", "UpstreamError"): 1,
    ("no-endpoints", "v2", "ProviderError"): 2,
    ("bad-route-kind", "v2", "ProviderError"): 1,
    ("service-not-found", "v1", "ProviderError"): 1,
    ("service-not-found", "v3", "ProviderError"): 1,
    ("service-not-found", "v3", "no line of Traefik's log"): 1,
    ("noise", "v1", "a load balancer is made, no server"): 1,
    ("noise", "v2", "a load balancer is made, no server"): 2,
    ("noise", "v3", "a load balancer is made, no server"): 1,
    ("noise", "v3", "which server was chosen"): 2,
    ("server-up", "v2", "a server that Traefik itself considers up or down"): 2,
}
"""Every real line by its class, its version and what is made of it."""


def test_every_real_line_is_parsed_or_named(data: Path) -> None:
    """By class and version; the one that is no log line is a piece of the API's answer."""
    found: Counter[tuple[str, str, str]] = Counter()
    for text in (data / "logs" / "traefik.jsonl").read_text().splitlines():
        line = json.loads(text)
        told = parse(line["line"])
        said = told.reason.value if isinstance(told, Irrelevant) else type(told).__name__
        found[line["cls"], line["version"][:2], said] += 1
    assert dict(found) == EXPECTED


CREATED = {
    "v2 text": f'time="2026-11-23T12:00:00Z" level=debug msg="Creating server 0 {POD}" '
    f"serverName=0 routerName={ROUTER} serviceName=svc entryPointName=web",
    "v2 text, another order": 'time="2026-11-23T12:00:00Z" level=debug '
    f'entryPointName=web serviceName=svc msg="Creating server 0 {POD}" routerName={ROUTER}',
    "v2 JSON": json.dumps(
        {
            "level": "debug",
            "msg": f"Creating server 0 {POD}",
            "routerName": ROUTER,
            "serviceName": "svc",
            "time": "2026-11-23T12:00:00Z",
        }
    ),
    "v2 text in colours": "\x1b[36mDEBU\x1b[0m[2026-11-23T12:00:00Z] Creating server 0 "
    f"{POD} \x1b[36mrouterName\x1b[0m={ROUTER} \x1b[36mserviceName\x1b[0m=svc",
    "v3.0 console": "2026-11-23T12:00:00Z DBG github.com/traefik/traefik/v3/pkg/server/service/"
    f"service.go:309 > Creating server entryPointName=web routerName={ROUTER} "
    f"serverName=da81a48dc1e3586e serviceName=svc target={POD}",
    "v3.4 console": "2026-11-23T12:00:00Z DBG github.com/traefik/traefik/v3/pkg/server/service/"
    f"service.go:440 > Creating server URL={POD} entryPointName=web routerName={ROUTER} "
    "serverIndex=0 serviceName=svc",
    "v3.4 in colours": "\x1b[90m2026-11-23T12:00:00Z\x1b[0m \x1b[33mDBG\x1b[0m "
    "\x1b[1mgithub.com/traefik/traefik/v3/pkg/server/service/service.go:440\x1b[0m\x1b[36m >"
    f"\x1b[0m Creating server \x1b[36mURL=\x1b[0m{POD} \x1b[36mrouterName=\x1b[0m{ROUTER} "
    "\x1b[36mserviceName=\x1b[0msvc",
    "v3.4 without a caller": f"2026-11-23T12:00:00Z DBG Creating server URL={POD} "
    f"routerName={ROUTER} serviceName=svc",
    "v3.4 JSON": json.dumps(
        {
            "level": "debug",
            "entryPointName": "web",
            "routerName": ROUTER,
            "serviceName": "svc",
            "serverIndex": 0,
            "URL": POD,
            "time": "2026-11-23T12:00:00Z",
            "caller": "service.go:440",
            "message": "Creating server",
        }
    ),
}
WRAPPINGS = {
    "bare": "{}",
    "Docker": "docker",
    "Compose": "traefik-1  | {}",
    "CRI": "2026-11-23T12:00:01.5Z stderr F {}",
    "kubectl --prefix": "[pod/traefik-abc/traefik] {}",
    "kubectl --timestamps": "2026-11-23T12:00:01.123456789Z {}",
    "CRI, west of UTC": "2026-11-23T08:30:01.123456789-03:30 stderr F {}",
    "kubectl --timestamps, east of UTC": "2026-11-23T17:45:01.123456789+05:45 {}",
    "stern": "traefik-6c8d-abc traefik {}",
    "a name in brackets": "[traefik] {}",
    "the journal": "Nov 23 12:00:01 home-1 traefik[812]: {}",
}


def wrapped(line: str, how: str) -> str:
    if WRAPPINGS[how] == "docker":
        return json.dumps({"log": line + "\n", "stream": "stderr", "time": "2026-11-23T12:00:01Z"})
    return WRAPPINGS[how].format(line)


@pytest.mark.parametrize("how", WRAPPINGS)
@pytest.mark.parametrize("name", CREATED)
def test_a_server_is_read_in_every_format(name: str, how: str) -> None:
    """The same four facts, whatever stands around the line."""
    told = parse(wrapped(CREATED[name], how))
    assert isinstance(told, ServerCreated), told
    assert (told.url, told.router, told.service) == (POD, ROUTER, "svc")
    assert told.time is not None
    assert told.time.isoformat() == "2026-11-23T12:00:00+00:00"


@pytest.mark.parametrize(
    "glued",
    [
        "2026-11-23 11:00:01.988504+00:00",
        "2026-11-23T11:00:01.988504123Z",
        "2026-11-23 11:00:01",
        "2026-11-23 11:00:01,988 ",
    ],
)
@pytest.mark.parametrize("name", ["v2 text", "v2 JSON", "v3.4 JSON", "v3.4 without a caller"])
def test_a_time_that_is_glued_to_the_line_is_taken_off(name: str, glued: str) -> None:
    """The line's own time counts."""
    told = parse(glued + CREATED[name])
    assert isinstance(told, ServerCreated), told
    assert (told.url, told.router) == (POD, ROUTER)
    assert told.time is not None
    assert told.time.isoformat() == "2026-11-23T12:00:00+00:00"


@pytest.mark.parametrize("at", ["2026-11-23T13:00:00+01:00", "2026-11-23T08:30:00-03:30"])
@pytest.mark.parametrize(
    "name", [name for name in CREATED if "2026-11-23T12:00:00Z" in CREATED[name]]
)
def test_a_time_is_told_in_utc_whatever_the_offset_of_the_container(name: str, at: str) -> None:
    """Both libraries write their container's own time, and answers say UTC beside it."""
    told = parse(CREATED[name].replace("2026-11-23T12:00:00Z", at))
    assert isinstance(told, ServerCreated), told
    assert told.time is not None
    assert told.time.isoformat() == "2026-11-23T12:00:00+00:00"


WHY = {
    "dial tcp 10.42.1.7:80: connect: connection refused": (Cause.REFUSED, 502, "10.42.1.7:80"),
    "dial tcp [fd42::7]:80: connect: no route to host": (Cause.NO_ROUTE, 502, "[fd42::7]:80"),
    "dial tcp 10.42.1.7:80: i/o timeout": (Cause.TIMEOUT, 504, "10.42.1.7:80"),
    "dial tcp 10.42.1.7:80: connect: network is unreachable": (
        Cause.UNREACHABLE,
        502,
        "10.42.1.7:80",
    ),
    "read tcp 10.42.0.9:41000->10.42.1.7:80: read: connection reset by peer": (
        Cause.RESET,
        502,
        "10.42.1.7:80",
    ),
    "readfrom tcp 172.19.0.2:54726->172.19.0.15:2283: i/o timeout": (
        Cause.TIMEOUT,
        504,
        "172.19.0.15:2283",
    ),
    "EOF": (Cause.EOF, 502, ""),
    "context canceled": (Cause.CANCELLED, 499, ""),
    "dial tcp: lookup db.example on 10.43.0.10:53: no such host": (
        Cause.NO_SUCH_HOST,
        502,
        "db.example",
    ),
    "tls: failed to verify certificate: x509: certificate signed by unknown authority": (
        Cause.TLS,
        500,
        "",
    ),
}
WORDS = {502: "Bad Gateway", 504: "Gateway Timeout", 499: "Client Closed Request"}


@pytest.mark.parametrize("why", WHY)
@pytest.mark.parametrize("version", ["v2", "v2 JSON", "v3", "v3 JSON"])
def test_a_failed_request_tells_errno_status_and_address(version: str, why: str) -> None:
    cause, status, address = WHY[why]
    title = f"{status} {WORDS.get(status, 'Internal Server Error')}"
    at = "2026-11-23T12:00:00Z"
    elder = f"'{title}' caused by: {why}"
    line = {
        "v2": f'time="{at}" level=debug msg={json.dumps(elder)}',
        "v2 JSON": json.dumps({"level": "debug", "msg": elder, "time": at}),
        "v3": f"{at} DBG proxy.go:121 > {title} error={json.dumps(why) if ' ' in why else why}",
        "v3 JSON": json.dumps({"level": "debug", "error": why, "time": at, "message": title}),
    }[version]
    told = parse(line)
    assert isinstance(told, UpstreamError), told
    assert (told.cause, told.status, told.address) == (cause, status, address)
    assert told.time is not None


@pytest.mark.parametrize(
    ("line", "status", "address", "router"),
    [
        (
            '10.42.0.1 - - [23/Nov/2026:12:00:00 +0100] "GET /a HTTP/1.1" 502 11 "-" "curl/8" 12 '
            f'"{ROUTER}" "{POD}" 3ms',
            502,
            POD,
            ROUTER,
        ),
        (
            '10.42.0.1 - ada [23/Nov/2026:12:00:00 +0000] "GET / HTTP/2.0" 503 20 "-" "-" 13 '
            f'"{ROUTER}" "-" 0ms',
            503,
            "",
            ROUTER,
        ),
        ('10.0.0.1 - - [23/Nov/2026:12:00:00 +0000] "GET / HTTP/1.1" 504 15', 504, "", ""),
        (
            json.dumps(
                {
                    "DownstreamStatus": 502,
                    "RequestMethod": "GET",
                    "RouterName": ROUTER,
                    "ServiceURL": {"Scheme": "http", "Host": "10.42.1.7:8080"},
                    "StartUTC": "2026-11-23T12:00:00.5Z",
                    "level": "info",
                    "msg": "",
                }
            ),
            502,
            POD,
            ROUTER,
        ),
        (
            json.dumps({"DownstreamStatus": 499, "ServiceURL": POD, "RouterName": ROUTER}),
            499,
            POD,
            ROUTER,
        ),
    ],
)
def test_an_access_log_tells_status_and_server(
    line: str, status: int, address: str, router: str
) -> None:
    """In the common format and in JSON; why it failed is not told there."""
    told = parse(line)
    assert isinstance(told, UpstreamError), told
    assert (told.status, told.address, told.router) == (status, address, router)
    assert told.origin is Origin.ACCESS_LOG
    assert told.cause is (Cause.CANCELLED if status == 499 else Cause.UNTOLD)


@pytest.mark.parametrize(
    "line",
    [
        f'1.1.1.1 - - [x] "GET / HTTP/1.1" 500 1 "-" "-" 1 "r" "{POD}" 1ms',
        json.dumps({"DownstreamStatus": 503, "ServiceURL": POD}),
        json.dumps({"DownstreamStatus": 200, "ServiceURL": POD, "error": "none"}),
        '1.1.1.1 - - [x] "GET /502 HTTP/1.1" 404 1 "-" "502 Bad Gateway" 1 "-" "-" 1ms',
    ],
)
def test_a_backends_own_answer_is_no_failure_of_the_way(line: str) -> None:
    """A 500 or 503 of a server that was reached is the application's."""
    assert parse(line) == Irrelevant(LogReason.REQUEST)


@pytest.mark.parametrize("status", [101, 200, 302, 401, 404, 501, 503])
def test_a_request_that_a_server_answered_tells_router_and_time(status: int) -> None:
    """Whatever the server said: a 404 or a page about maintenance is an answer of its own."""
    at = "23/Nov/2026:11:58:00 +0000"
    common = f'1.1.1.1 - ada [{at}] "GET / HTTP/2.0" {status} 1 "-" "x" 9 "{ROUTER}" "{POD}" 1ms'
    assert parse(common) == ServedRequest(ROUTER, at)
    for server in ({"ServiceURL": POD}, {"ServiceAddr": "10.42.1.7:8080"}):
        entry = {"DownstreamStatus": status, "RouterName": ROUTER, "StartUTC": SEEN, **server}
        assert parse(json.dumps(entry)) == ServedRequest(ROUTER, SEEN)


@pytest.mark.parametrize(
    ("status", "router", "server"),
    [
        (200, ROUTER, "-"),
        (401, ROUTER, "-"),
        (404, "-", "-"),
        (500, ROUTER, POD),
        (200, "-", POD),
        ("-", ROUTER, POD),
    ],
)
def test_what_traefik_may_have_answered_itself_is_no_good_request(
    status: int | str, router: str, server: str
) -> None:
    """A redirect, an authentication, its own 404, and a 500 for a certificate of the server."""
    line = f'1.1.1.1 - - [x] "GET / HTTP/1.1" {status} 1 "-" "-" 1 "{router}" "{server}" 1ms'
    assert parse(line) == Irrelevant(LogReason.REQUEST)


@pytest.mark.parametrize(
    "name",
    [
        'a [23/Nov/2026:11:58:00 +0000] "G" 200 5 ',
        'a [23/Nov/2026:11:58:00 +0000] "G" 200 5 "-" "',
        f'a [x] "G" 200 5 "-" "-" 1 "{ROUTER}" "{POD}" 1ms',
        f'a [x] "G" 200 5 "-" "-" 1 "{ROUTER}" "',
    ],
)
def test_a_users_name_forges_no_good_request(name: str) -> None:
    """A client writes it in an absolute URL, and Traefik logs it without quotes."""
    line = f'1.1.1.1 - {name} [x] "GET / HTTP/1.1" 502 5 "-" "-" 1 "{ROUTER}" "{POD}" 1ms'
    assert not isinstance(parse(line), ServedRequest)


def test_tcp_and_health_checks_tell_their_server_too() -> None:
    dialled = parse(
        'time="2026-04-22T07:11:18Z" level=error '
        'msg="Error while dialing backend: dial tcp 172.20.0.5:7687: connect: connection refused"'
    )
    assert isinstance(dialled, UpstreamError)
    assert (dialled.origin, dialled.status, dialled.address) == (
        Origin.TCP,
        None,
        "172.20.0.5:7687",
    )
    checked = parse(
        "2026-11-23T12:00:00Z WRN healthcheck.go:185 > Health check failed. "
        'error="HTTP request failed: Get \\"http://10.42.1.7:80/\\": dial tcp 10.42.1.7:80: '
        'connect: connection refused" serviceName=svc targetURL=http://10.42.1.7:80'
    )
    assert isinstance(checked, UpstreamError)
    assert (checked.origin, checked.address) == (Origin.HEALTH_CHECK, "http://10.42.1.7:80")
    assert checked.cause is Cause.REFUSED


@pytest.mark.parametrize(
    ("line", "name", "message"),
    [
        (
            "2026-11-23T12:00:00Z ERR kubernetes_http.go:120 > "
            'error="kubernetes service not found: apps/gone" ingress=site namespace=apps '
            "providerName=kubernetescrd",
            "site",
            "kubernetes service not found: apps/gone",
        ),
        (
            "2026-11-23T12:00:00Z ERR kubernetes.go:357 > Cannot create service "
            'error="service not found" ingress=site namespace=apps providerName=kubernetes '
            "serviceName=gone servicePort=&ServiceBackendPort{Name:,Number:80,}",
            "site",
            "Cannot create service: service not found",
        ),
    ],
)
def test_what_a_provider_refuses_names_the_object(line: str, name: str, message: str) -> None:
    told = parse(line)
    assert isinstance(told, ProviderError), told
    assert (told.namespace, told.name, told.message) == ("apps", name, message)


LOGRUS = 'time="2026-11-23T12:00:00Z" level={level} msg={message} {fields}'
V3 = "2026-11-23T12:00:00Z {level} {message} {fields}"


@pytest.mark.parametrize(
    ("line", "subject"),
    [
        (
            LOGRUS.format(
                level="error",
                message="\"Error while reading basic auth: secret 'apps/users' not found\"",
                fields="providerName=kubernetescrd middlewareName=apps-web-auth",
            ),
            ("middleware", "apps", "web-auth"),
        ),
        (
            V3.format(
                level="ERR",
                message="Error while reading forward auth middleware",
                fields='error="failed to fetch secret" middlewareName=apps-sso '
                "providerName=kubernetescrd",
            ),
            ("middleware", "", "apps-sso"),
        ),
        (
            V3.format(
                level="ERR",
                message="Error while building TraefikService",
                fields='error="kubernetes service not found: apps/gone" '
                "providerName=kubernetescrd serviceName=canary",
            ),
            ("traefikservice", "", "canary"),
        ),
        (
            V3.format(
                level="ERR",
                message="Provider error, retrying in 1.5s",
                fields='error="failed to connect" providerName=kubernetescrd',
            ),
            ("provider", "", "kubernetescrd"),
        ),
        (
            V3.format(
                level="ERR",
                message="The ACME resolve is skipped from the resolvers list",
                fields='error="unable to get ACME account: permission denied" resolver=le',
            ),
            ("resolver", "", "le"),
        ),
        (
            LOGRUS.format(
                level="error",
                message='"The ACME resolver \\"le\\" is skipped from the resolvers list"',
                fields="",
            ),
            ("resolver", "", "le"),
        ),
        (
            V3.format(
                level="ERR",
                message="Unable to obtain ACME certificate for domains",
                fields='error="acme: error: 429" domains=["a.example"] providerName=le.acme',
            ),
            ("resolver", "", "le"),
        ),
        (
            V3.format(
                level="ERR",
                message="",
                fields='error="middleware \\"apps-auth@kubernetescrd\\" does not exist" '
                "middlewareName=apps-auth@kubernetescrd entryPointName=websecure",
            ),
            ("middleware", "", "apps-auth"),
        ),
        (
            LOGRUS.format(
                level="error",
                message='"the service \\"apps-canary@kubernetescrd\\" does not exist"',
                fields="serviceName=apps-canary@kubernetescrd entryPointName=websecure",
            ),
            ("traefikservice", "", "apps-canary"),
        ),
    ],
)
def test_a_refusal_names_an_object_that_is_no_route(
    line: str, subject: tuple[str, str, str]
) -> None:
    """Its line has the cause, and a router's own line only that it lacks something."""
    told = parse(line)
    assert isinstance(told, ProviderError), told
    assert (told.kind, told.namespace, told.name) == subject


def test_fields_of_acme_are_no_part_of_the_message() -> None:
    """One has a space in its name, and one is a list."""
    told = parse(
        "2026-11-23T12:00:00Z ERR acme/provider.go:457 > Unable to obtain ACME certificate "
        'for domains error="acme: error: 403" ACME CA=https://ca.example/directory '
        'domains=["a.example","b.example"] providerName=le.acme routerName=web@kubernetescrd'
    )
    assert isinstance(told, ProviderError), told
    assert told.message == "Unable to obtain ACME certificate for domains: acme: error: 403"
    assert told.router == "web@kubernetescrd"


def test_a_resolver_that_does_not_exist_is_named() -> None:
    """Version 3 writes it into a field."""
    told = parse(
        "2026-11-23T12:00:00Z ERR Router uses a nonexistent certificate resolver "
        "certificateResolver=le routerName=web@kubernetescrd"
    )
    assert isinstance(told, ProviderError), told
    assert told.message == "Router uses a nonexistent certificate resolver: le"


@pytest.mark.parametrize("level", ["WRN", "INF"])
def test_a_line_of_any_short_level_is_one_of_traefiks(level: str) -> None:
    """Also where it tells of no object."""
    told = parse(f'2026-11-23T12:00:00Z {level} Provider error error="x" providerName=docker')
    assert told == Irrelevant(LogReason.OTHER)


def test_a_router_with_an_unknown_resolver_is_refused() -> None:
    """Version 2 names the router in the message alone."""
    line = '"the router web@kubernetescrd uses a non-existent resolver: le"'
    told = parse(LOGRUS.format(level="error", message=line, fields=""))
    assert isinstance(told, ProviderError), told
    assert told.router == "web@kubernetescrd"


REFLECTOR = "k8s.io/client-go@v0.30.0/tools/cache/reflector.go:232"


@pytest.mark.parametrize(
    ("line", "kind", "why"),
    [
        (
            "E0310 11:57:09.535791       1 reflector.go:199] k8s.io/client-go/informers/factory.go:"
            "150: Failed to list *v1.Secret: Get https://10.43.0.1:443/api/v1/secrets: "
            "dial tcp 10.43.0.1:443: i/o timeout",
            "Secret",
            "i/o timeout",
        ),
        (
            f'E0310 11:57:10.535800 1 reflector.go:158] "Unhandled Error" err="{REFLECTOR}: Failed '
            'to watch *v1.EndpointSlice: failed to list *v1.EndpointSlice: slices is forbidden"',
            "EndpointSlice",
            "slices is forbidden",
        ),
        (
            'E0310 11:57:10.535800 1 reflector.go:205] "Failed to watch" err="failed to list '
            '*v1alpha1.IngressRoute: the server could not find the requested resource" '
            f'logger="UnhandledError" reflector="{REFLECTOR}" type="*v1alpha1.IngressRoute"',
            "IngressRoute",
            "could not find",
        ),
        (
            'W0310 11:57:10.535800 1 reflector.go:205] "Failed to watch" err="unknown" '
            f'reflector="{REFLECTOR}" type="*v1.Ingress"',
            "Ingress",
            "unknown",
        ),
        (
            f"2026-11-23T12:00:00Z ERR {REFLECTOR} > Failed to watch *v1.Service: failed to list "
            '*v1.Service: Unauthorized error="Unauthorized"',
            "Service",
            "Unauthorized",
        ),
    ],
)
def test_a_kind_that_traefik_cannot_read_is_told(line: str, kind: str, why: str) -> None:
    """Traefik goes on with what it knew, so that its servers grow stale."""
    told = parse(line)
    assert isinstance(told, ProviderError), told
    assert (told.kind, told.unread) == (kind, True)
    assert why in told.message
    assert "stale" in told.message
    assert "reflector" not in told.message


@pytest.mark.parametrize(
    ("message", "harmless"),
    [
        ("No domain found in rule PathPrefix(`/`), the TLS options will depend on the SNI", True),
        ("IPWhiteList middleware is deprecated and will be ignored in v4", True),
        ("Found different TLS options for routers on the same host, so using the default", False),
        ("Cannot load the certificate", False),
        ("Skipping service: no endpoints found", False),
    ],
)
@pytest.mark.parametrize("form", ["v2", "v3"])
def test_a_warning_about_what_works_is_no_refusal(form: str, message: str, harmless: bool) -> None:
    """The dashboard of Traefik's own chart has the first of them."""
    line = V3.format(level="WRN", message=message, fields=f"routerName={ROUTER}")
    if form == "v2":
        fields = f"routerName={ROUTER}"
        line = LOGRUS.format(level="warning", message=json.dumps(message), fields=fields)
    told = parse(line)
    assert (told == Irrelevant(LogReason.HARMLESS)) is harmless
    assert isinstance(told, ProviderError) is not harmless


def test_a_message_that_looks_like_fields_ends_where_the_row_of_fields_begins() -> None:
    told = parse(
        '2026-11-23T12:00:00Z ERR x.go:1 > Unknown a=b in rule "x" ingress=site namespace=apps '
        "providerName=kubernetescrd"
    )
    assert isinstance(told, ProviderError)
    assert told.message == 'Unknown a=b in rule "x"'


def test_a_megabyte_is_not_read() -> None:
    """At DEBUG v3 writes its whole configuration in one line."""
    assert parse("502 Bad Gateway error=" + "x" * LONGEST) == Irrelevant(LogReason.TOO_LONG)


@pytest.mark.parametrize("line", ["", "  ", "\x1b[0m", "\n"])
def test_nothing_is_nothing(line: str) -> None:
    assert parse(line) == Irrelevant(LogReason.BLANK if not line.strip() else LogReason.NO_LOG_LINE)


PIECES = st.sampled_from(
    [
        *CREATED.values(),
        *WHY,
        "time=",
        "level=error",
        'msg="',
        '"',
        "\\",
        " a=",
        "Creating server ",
        "502 Bad Gateway",
        "error=",
        "{",
        "}",
        '{"log":"',
        '"stream":',
        "DownstreamStatus",
        "\x1b[",
        "\x1b[36m",
        "DBG ",
        "> ",
        "caused by: ",
        "\u202e",
        "\ud800",
        " - ",
        '[23/Nov/2026:12:00:00 +9999] "',
    ]
)


@given(st.lists(PIECES | st.text(), max_size=12).map("".join))
def test_any_line_tells_something(line: str) -> None:
    """No line breaks the reading of a log, and whatever is told is text of the line."""
    told = parse(line)
    assert isinstance(told, ServerCreated | UpstreamError | ProviderError | Irrelevant)
    if isinstance(told, Irrelevant):
        assert told.reason in LogReason


@given(st.text())
def test_any_error_has_a_cause(text: str) -> None:
    assert cause_of(text) in Cause
    assert isinstance(address_of(text), str)


@pytest.mark.parametrize(
    ("line", "kind", "name", "words"),
    [
        (
            'ERR Plugins are disabled because an error has occurred. error="unable to download '
            'plugin github.com/owner/bouncer: i/o timeout"',
            "plugin",
            "github.com/owner/bouncer",
            "i/o timeout",
        ),
        (
            'time="2026-01-01T00:00:00Z" level=error msg="Plugins are disabled because an error '
            'has occurred." error="failed to import plugin code: no source"',
            "plugin",
            "",
            "no source",
        ),
        (
            'FTL Command error error="listen tcp :80: bind: permission denied"',
            "traefik",
            "",
            "bind: permission denied",
        ),
        (
            "2026/01/01 00:00:00 command traefik error: listen tcp :80: address already in use",
            "traefik",
            "",
            "listen tcp :80: address already in use",
        ),
        (
            'ERR traefik/traefik.go:84 > Command error error="error while building entryPoint web: '
            'error opening listener: listen tcp :80: bind: permission denied"',
            "traefik",
            "",
            "bind: permission denied",
        ),
        (
            "panic: runtime error: invalid memory address or nil pointer dereference",
            "traefik",
            "",
            "panic: runtime error: invalid memory address",
        ),
        (
            "ERR recovery/recovery.go:38 > Recovered from panic in HTTP handler [10.0.0.1:1 - /]: "
            "index out of range middlewareName=traefik-internal-recovery",
            "traefik",
            "",
            "index out of range",
        ),
        (
            'ERR Error occurred during watcher callback error="/etc/dyn.yaml: yaml: line 4: '
            'mapping values are not allowed" providerName=file',
            "provider",
            "file",
            "yaml: line 4: mapping values",
        ),
        (
            'ERR Unable to obtain certificate for domain "x.ts.net" error="dial unix '
            '/var/run/tailscaled.sock: no such file" providerName=ts.tailscale',
            "resolver",
            "ts",
            "tailscaled.sock",
        ),
        (
            "ERR Default TLS Stores defined in multiple namespaces: [apps traefik]",
            "tlsstore",
            "default",
            "[apps traefik]",
        ),
        (
            'ERR Cannot start the provider *crd.Provider error="host must be a URL"',
            "provider",
            "crd.Provider",
            "host must be a URL",
        ),
        (
            'time="2017-01-01T00:00:00Z" level=error msg="Error getting cert: Cannot find cert"',
            "certificate",
            "",
            "Cannot find cert",
        ),
        (
            'ERR Unable to append certificate x to store error="tls: private key does not match '
            'public key" tlsStoreName=default',
            "certificate",
            "default",
            "private key does not match",
        ),
    ],
)
def test_what_traefik_itself_lacks_is_told(line: str, kind: str, name: str, words: str) -> None:
    """It names no provider and no route, and hinders all of them."""
    event = parse(
        line if line.startswith(("time=", "2026/", "panic")) else f"2026-01-01T00:00:00Z {line}"
    )
    assert isinstance(event, ProviderError)
    assert (event.kind, event.name) == (kind, name)
    assert words in event.message


@pytest.mark.parametrize(
    "line",
    [
        'DBG auth/forward.go:150 > Error calling http://auth.sso.svc/verify error="dial tcp '
        '10.43.0.9:80: connect: connection refused" middlewareName=sso-auth@kubernetescrd',
        'time="2026-01-01T00:00:00Z" level=debug msg="Error calling http://auth.sso.svc/verify. '
        'Cause: dial tcp 10.43.0.9:80: connect: connection refused" middlewareName=sso-auth',
    ],
)
def test_a_server_of_forward_auth_that_is_not_reached_is_a_failure(line: str) -> None:
    """The route's own server is well, and each request fails."""
    event = parse(line if line.startswith("time=") else f"2026-01-01T00:00:00Z {line}")
    assert isinstance(event, UpstreamError)
    assert (event.cause, event.status) == (Cause.REFUSED, 500)
    assert event.address == "http://auth.sso.svc/verify"


def test_a_client_that_breaks_off_is_no_fault_of_traefiks() -> None:
    """Nor is a shutdown."""
    lines = (
        'ERR Error while starting server error="accept tcp [::]:80: use of closed connection"',
        'DBG Error while peeking client hello bytes error="read tcp 10.0.0.1:1: i/o timeout"',
        "DBG http: TLS handshake error from 10.0.0.1:1: remote error: tls: unknown certificate",
    )
    for line in lines:
        assert isinstance(parse(f"2026-01-01T00:00:00Z {line}"), Irrelevant)


def test_a_renewal_that_failed_is_told_although_traefik_2_calls_it_information() -> None:
    """Other lines of a certificate resolver's at that level are about what works."""
    line = (
        'time="2026-11-23T12:00:00Z" level=info msg="Error renewing certificate from LE : '
        '{Main:web.example.org SANs:[]}" error="get directory: EOF" providerName=le.acme'
    )
    told = parse(line)
    assert isinstance(told, ProviderError)
    assert (told.kind, told.name) == ("resolver", "le")
    assert told.message.endswith("SANs:[]}: get directory: EOF")
    at_work = 'time="2026-11-23T12:00:00Z" level=info msg="Register..." providerName=le.acme'
    assert isinstance(parse(at_work), Irrelevant)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('ERR Something new error="no idea"', LogReason.UNKNOWN_ERROR),
        ('{"level":"error","message":"Something new"}', LogReason.UNKNOWN_ERROR),
        ("ERR Error while Peeking first byte error=EOF", LogReason.OTHER),
        ('ERR Error while copying body error="context canceled"', LogReason.OTHER),
        ("INF Something new", LogReason.OTHER),
    ],
)
def test_an_error_that_nobody_knows_is_counted_apart(line: str, reason: LogReason) -> None:
    """What clients cause is none."""
    told = parse(line if line.startswith("{") else f"2026-11-23T12:00:00Z {line}")
    assert told == Irrelevant(reason)
