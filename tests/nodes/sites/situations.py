"""The situations of a site, each with a host and a backend of its own, and what `/sites` must say.

A pattern is looked for in what is said of the host, which begins with its state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.net.route_checks.plan import BY_ANNOTATION, EXCLUDED
from bot.net.route_checks.plan import OFF as ANNOTATION
from bot.net.route_checks.roots import OTHER_PATH
from tests.nodes.manifests import Object
from tests.nodes.sites import objects
from tests.nodes.sites.objects import DAY, host_of, route, served, silent

Methods = tuple[Literal["HEAD", "GET"], ...]

ANSWERS, FAILS, UNTESTED = "^answers", "^does not answer(?s:.*)", "^not tested: "
NO_ENDPOINT = "no (ready )?endpoint"

FINE, SLEEPS, CRASHES = served(), silent("exec sleep 100000"), silent("exit 1")
FROM_NOBODY = {"address": "http://port-closed.sites.svc.cluster.local/"}
FROM_A_LOGIN = {"address": "http://own-login.sites.svc.cluster.local/"}

NEVER: Methods = ()
ONCE_A_MINUTE: Methods = ("HEAD",)
THEN_BY_GET: Methods = ("HEAD", "GET")


@dataclass(frozen=True)
class Situation:
    """One site: what runs, what leads there, what is said of it, and what its backend hears.

    route: What leads there, and what that needs.
    heard: The methods of the requests that its backend hears, in this order; none for never.
    """

    name: str
    says: str
    backend: Object
    route: Sequence[Object]
    heard: Methods = NEVER
    node: str = "n2"
    port: int = objects.PORT

    @property
    def host(self) -> str:
        """The host that is asked for."""
        return host_of(self.name)

    @property
    def objects(self) -> Sequence[Object]:
        """All that makes it."""
        return [*objects.backend(self.name, self.backend, self.node, self.port), *self.route]


def _plain(
    name: str, says: str, backend: Object, heard: Methods = NEVER, node: str = "n2"
) -> Situation:
    """A site without anything before its backend."""
    return Situation(name, says, backend, [route(name)], heard, node)


def _behind(name: str, says: str, backend: Object, **middleware: object) -> Situation:
    """A site with a Middleware before its backend, which answers in its place."""
    before = [objects.middleware(name, **middleware), route(name, middlewares=[name])]
    return Situation(name, says, backend, before)


def _login(name: str, says: str, backend: Object, node: str = "n2") -> Situation:
    """A site behind a basicAuth, which asks everybody for a password."""
    before = [
        objects.users(name),
        objects.middleware(name, basicAuth={"secret": name}),
        route(name, middlewares=[name]),
    ]
    return Situation(name, says, backend, before, node=node)


def _left_out(name: str, why: str, leads_there: Object) -> Situation:
    """A site that is never asked."""
    return Situation(name, f"{UNTESTED}{why}", FINE, [leads_there])


HEALTHY, KILLED, REDIRECTED = "healthy", "killed", "redirected"
ON_N3, LOGIN_ON_N3 = "on-n3", "login-on-n3"
EXCEPTED = "excepted"
"""The host that MESHMEDIC_ROUTE_CHECKS_EXCEPT names."""

WELL = (
    _plain(HEALTHY, f"{ANSWERS}: HTTP 200", FINE, ONCE_A_MINUTE),
    _plain(KILLED, ANSWERS, FINE, ONCE_A_MINUTE),
    _plain(ON_N3, ANSWERS, FINE, ONCE_A_MINUTE, node="n3"),
    Situation(
        REDIRECTED, ANSWERS, served("--port=80"), [route(REDIRECTED)], ONCE_A_MINUTE, port=80
    ),
    Situation("ingress", ANSWERS, FINE, [objects.ingress("ingress")], ONCE_A_MINUTE),
    _plain("head-405", ANSWERS, served("--head=405"), THEN_BY_GET),
    _plain("head-501", ANSWERS, served("--head=501"), THEN_BY_GET),
    _plain("slow", rf"{ANSWERS}(?s:.*)\b3\.\d s", served("--wait=3"), ONCE_A_MINUTE),
    _plain(
        "maintenance",
        f"{ANSWERS}(?s:.*)503 of the backend itself, Retry-After 120 s",
        served("--status=503", "--header=Retry-After: 120"),
        ONCE_A_MINUTE,
    ),
    _plain(
        "own-login",
        f"{ANSWERS}: HTTP 401",
        served("--status=401", "--header=WWW-Authenticate: Basic"),
        ONCE_A_MINUTE,
    ),
    _plain(
        "own-redirect",
        f"{ANSWERS}: HTTP 302",
        served("--status=302", "--header=Location: /login?next=/"),
        ONCE_A_MINUTE,
    ),
    _plain("own-404", f"{ANSWERS}: HTTP 404", served("--status=404"), ONCE_A_MINUTE),
)
"""Nothing stands before these backends, and each of them answers."""

DEAD = (
    _plain("port-closed", f"{FAILS}502", SLEEPS),
    _plain("crashing", f"{FAILS}(503|{NO_ENDPOINT})", CRASHES),
    Situation("crash-404", f"{FAILS}(404|{NO_ENDPOINT})", CRASHES, [objects.ingress("crash-404")]),
    _plain("stalls", f"{FAILS}no answer in time", served("--wait=30"), ONCE_A_MINUTE),
)

BEHIND_A_MIDDLEWARE = (
    _login("login", f"{ANSWERS}(?s:.*)its port is open", FINE),
    _login(LOGIN_ON_N3, f"{ANSWERS}(?s:.*)its port is open", FINE, node="n3"),
    _login("login-closed", f"{FAILS}its port does not answer", SLEEPS),
    _login("login-crash", f"{FAILS}{NO_ENDPOINT}", CRASHES),
    _behind("forward", f"{ANSWERS}(?s:.*)its port is open", FINE, forwardAuth=FROM_A_LOGIN),
    _behind("forward-dead", f"{FAILS}forwardAuth", FINE, forwardAuth=FROM_NOBODY),
    _behind(
        "to-https",
        f"{ANSWERS}(?s:.*)a redirect, and its port is open",
        FINE,
        redirectScheme={"scheme": "https"},
    ),
)

BY_TLS = (
    Situation(
        "both",
        f"{ANSWERS}: HTTP 200(?s:.*)certificate until",
        FINE,
        [
            objects.certificate("both", host_of("both"), 60 * DAY),
            route("both", secret="both", suffix="-tls"),
            route("both", middlewares=["to-https"]),
        ],
        ONCE_A_MINUTE,
    ),
    Situation(
        "tls-expired",
        f"{ANSWERS}(?s:.*)certificate expired",
        FINE,
        [
            objects.certificate("tls-expired", host_of("tls-expired"), -DAY),
            route("tls-expired", secret="tls-expired"),
        ],
        ONCE_A_MINUTE,
    ),
    Situation(
        "tls-missing",
        f"{ANSWERS}(?s:.*)browsers reject its certificate: wrong name",
        FINE,
        [route("tls-missing", secret="none")],
        ONCE_A_MINUTE,
    ),
)

NEVER_ASKED = (
    _left_out("one-path", OTHER_PATH, route("one-path", rule="Path(`/admin/secret`)")),
    _left_out("prefix", OTHER_PATH, route("prefix", rule="PathPrefix(`/x`)")),
    _left_out("off", BY_ANNOTATION, route("off", annotations={ANNOTATION: "off"})),
    _left_out(EXCEPTED, EXCLUDED, route(EXCEPTED)),
)

SITUATIONS: Sequence[Situation] = (*WELL, *DEAD, *BEHIND_A_MIDDLEWARE, *BY_TLS, *NEVER_ASKED)

WHILE_BROKEN: Mapping[str, str] = {
    HEALTHY: ANSWERS,
    KILLED: f"{FAILS}502",
    REDIRECTED: f"{FAILS}502",
    ON_N3: FAILS,
    LOGIN_ON_N3: FAILS,
}
"""What must be said while a backend's process is dead, n3 has no power, and a rule on Traefik's
node catches what goes to port 80."""

ONCE_MENDED: Mapping[str, str] = dict.fromkeys(WHILE_BROKEN, ANSWERS)

WITHOUT_TRAEFIK = "^(does not answer|not tested)"

CERTIFICATES: Mapping[str, str] = {
    "tls-expired": rf"ServedCertificateExpired: .*{host_of('tls-expired')} has expired",
    "tls-missing": rf"no Secret sites/none|{host_of('tls-missing')} is not for this name",
    "both": "^nothing$",
}
"""The findings of certificates that browsers refuse; one of an authority of your own is none."""
