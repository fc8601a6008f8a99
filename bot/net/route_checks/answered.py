"""Who answered a route check: the backend, a Middleware before it, Traefik itself, or nobody.

Traefik's own answers have a length of their own, and no `Server`; what is in doubt is never called
an answer of the backend. Source: Traefik 3.6 as it answers HEAD and GET, of which the tests keep
what was seen (tests/net/route_checks/traefik_answers.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from bot.net.probing.protocol import Outcome, ProbeAnswer, WebFacts
from bot.routing.site_state import SiteState

OWN = frozenset({(500, 21), (502, 11), (503, 19), (503, 20), (504, 15)})
"""Status and length of what Traefik says where it got no answer: `Bad Gateway`, `no available
server`, `Gateway Timeout`, and `Internal Server Error` for a certificate that it does not accept.
"""

OWN_REDIRECTS = frozenset({(301, 17), (302, 5), (303, 9), (307, 18), (308, 18)})
"""The same of its redirects, whose body is the name of the status."""

NOT_FOUND, NOT_FOUND_LENGTH = 404, 19
UNAUTHORIZED, FORBIDDEN, TOO_MANY, SERVER_ERROR = 401, 403, 429, 500
REDIRECTS = range(300, 400)
REFUSES_HEAD = frozenset({405, 501})
"""Statuses of a site that has no HEAD, and is asked by GET from then on."""

TRAEFIK_REFUSES = "Traefik's port refuses connections"
TRAEFIK_IS_GONE = "no Traefik pod is running"
"""What is said where nobody listens on an entrypoint of Traefik: no site of it answers then."""

GATEWAY_TIMEOUT = 504

CLIENT_CERTIFICATE = ("CERTIFICATE_REQUIRED", "BAD_CERTIFICATE")
"""How OpenSSL calls the end of a handshake in which a client's certificate was missing."""


class Answerer(StrEnum):
    """Who answered."""

    BACKEND = "the backend"
    MIDDLEWARE = "a Middleware"
    TRAEFIK = "Traefik itself"
    TLS = "TLS"
    """The handshake failed, so that no request was made."""
    NOBODY = "nobody"


class Need(StrEnum):
    """What else has to be asked before it is clear who answered."""

    NOTHING = ""
    CONTROL = "control"
    """A host that no route has, for Traefik's own not-found page."""
    PORTS = "ports"
    """The ports of the endpoints, directly."""


class ChainPart(StrEnum):
    """What a Middleware may do to an answer, or how it may answer instead of the backend."""

    LOGIN = "basicAuth or digestAuth"
    FORWARD = "forwardAuth"
    ADDRESSES = "ipAllowList"
    REDIRECT = "a redirect"
    ERRORS = "errors"
    LIMIT = "a limit"
    HEADERS = "headers"
    UNSEEN = "a Middleware that was not seen"
    """It was not read, or is a plugin: it may do anything."""
    UNRESOLVED = "a reference that Traefik does not resolve"
    """For a backend or filter of an HTTPRoute that it cannot use, Traefik answers 500 itself."""


class AskedRoute(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the route that was asked, by which host.

    `chain` is what stands before the backend. `deserted` says that its Service has no ready
    endpoint. `guarded` and `traefik_guarded` say that NetworkPolicies may keep the agent out, and
    not those who come by Traefik: they select the pods, or were not seen.
    """

    host: str = ""
    chain: frozenset[ChainPart] = frozenset()
    tls: bool = False
    deserted: bool = False
    guarded: bool = False
    traefik_guarded: bool = False


class RouteAnswer(msgspec.Struct, frozen=True):
    """Who answered, what that says of the site, and the symptom: `HTTP 502 of Traefik itself`.

    `needs` says what may still be asked; without it nothing more is known.
    """

    by: Answerer
    outcome: SiteState
    what: str
    status: int = 0
    needs: Need = Need.NOTHING


def classify(
    answer: ProbeAnswer,
    asked: AskedRoute,
    *,
    control: ProbeAnswer | None = None,
    ports: Sequence[ProbeAnswer] = (),
) -> RouteAnswer:
    """Who gave an answer. `control` and `ports` are answers to what it needed before."""
    status, facts = answer.status, answer.web or WebFacts()
    if not status:
        return _unanswered(answer, asked)
    if status == NOT_FOUND and _looks_not_found(facts):
        return _not_found(answer, control)
    if (status, facts.length) in OWN and _looks_own(facts, asked):
        return _said(Answerer.TRAEFIK, SiteState.FAILS, status)
    if _forward_failed(status, facts, asked):
        what = f"HTTP {status} without a word: its forwardAuth is not answered, or it failed"
        return RouteAnswer(Answerer.MIDDLEWARE, SiteState.FAILS, what, status)
    if part := _middleware(status, facts, asked):
        return _behind(part, status, asked, ports)
    if ChainPart.UNRESOLVED in asked.chain and _is_bare_error(status, facts, asked):
        what = f"HTTP {status} without a word: of the backend, or of Traefik itself"
        return RouteAnswer(Answerer.TRAEFIK, SiteState.NOT_TESTED, what, status)
    return _of_backend(status, facts)


def _unanswered(answer: ProbeAnswer, asked: AskedRoute) -> RouteAnswer:
    silent, unknown = SiteState.FAILS, SiteState.NOT_TESTED
    match answer.outcome:
        case Outcome.REFUSED if not asked.traefik_guarded:
            return RouteAnswer(Answerer.NOBODY, silent, TRAEFIK_REFUSES)
        case Outcome.REFUSED | Outcome.TIMEOUT | Outcome.NO_ROUTE:
            # A policy or a firewall may keep the agent out, and nobody else.
            what = f"no connection to Traefik from its own node ({answer.outcome})"
            return RouteAnswer(Answerer.NOBODY, unknown, what)
        case Outcome.TLS if any(word in answer.detail for word in CLIENT_CERTIFICATE):
            return RouteAnswer(Answerer.TLS, unknown, "it asks for a client's certificate")
        case Outcome.TLS:
            return RouteAnswer(Answerer.TLS, silent, "the TLS handshake fails")
        case Outcome.OK | Outcome.UNTRIED | Outcome.NAME:
            return RouteAnswer(Answerer.NOBODY, unknown, "no request was made")
        case Outcome.STALLED:
            return RouteAnswer(Answerer.NOBODY, silent, "no answer in time")
        case Outcome.CLOSED | Outcome.RESET | Outcome.NOT_HTTP:
            what = f"no answer through Traefik ({answer.outcome})"
            return RouteAnswer(Answerer.NOBODY, silent, what)


def _not_found(answer: ProbeAnswer, control: ProbeAnswer | None) -> RouteAnswer:
    """Whether a page is Traefik's own: servers written in Go have the same, word for word."""
    if control is None or not control.status:
        what = "HTTP 404, perhaps of Traefik itself"
        return RouteAnswer(
            Answerer.TRAEFIK, SiteState.NOT_TESTED, what, answer.status, Need.CONTROL
        )
    if control.status == NOT_FOUND and control.backend == answer.backend:
        return _said(Answerer.TRAEFIK, SiteState.FAILS, answer.status)
    return _of_backend(answer.status, answer.web or WebFacts())


def _looks_not_found(facts: WebFacts) -> bool:
    return facts.length == NOT_FOUND_LENGTH and _is_plain(facts)


def _looks_own(facts: WebFacts, asked: AskedRoute) -> bool:
    """Whether nothing shows that Traefik only passed it on. A Middleware may name a server."""
    renamed = bool(asked.chain & {ChainPart.HEADERS, ChainPart.UNSEEN})
    return _is_plain(facts) and (not facts.server or renamed)


def _is_plain(facts: WebFacts) -> bool:
    return not facts.content_type or facts.content_type.startswith("text/plain")


def _forward_failed(status: int, facts: WebFacts, asked: AskedRoute) -> bool:
    """Whether it looks like forwardAuth without its service: a 500 that says nothing at all."""
    return ChainPart.FORWARD in asked.chain and _is_bare_error(status, facts, asked)


def _is_bare_error(status: int, facts: WebFacts, asked: AskedRoute) -> bool:
    empty = not (facts.length or facts.content_type)
    return status == SERVER_ERROR and empty and _looks_own(facts, asked)


def _middleware(status: int, facts: WebFacts, asked: AskedRoute) -> ChainPart | None:
    """Which part of the chain may have given this answer in the backend's place."""
    # A site that sends people to its own login by TLS is no Middleware that sends them to TLS.
    home = asked.tls and facts.location in ("", asked.host)
    may: dict[ChainPart, bool] = {
        ChainPart.LOGIN: status == UNAUTHORIZED and facts.login,
        ChainPart.FORWARD: status in (UNAUTHORIZED, FORBIDDEN, *REDIRECTS),
        ChainPart.ADDRESSES: status == FORBIDDEN,
        ChainPart.REDIRECT: status in REDIRECTS and not home,
        ChainPart.LIMIT: status == TOO_MANY,
        ChainPart.ERRORS: status >= SERVER_ERROR,
        ChainPart.UNSEEN: True,
    }
    if part := next((part for part, fits in may.items() if fits and part in asked.chain), None):
        return part
    # An entrypoint may redirect without a Middleware.
    own = (status, facts.length) in OWN_REDIRECTS and not facts.content_type
    return ChainPart.REDIRECT if own and _looks_own(facts, asked) else None


def _behind(
    part: ChainPart, status: int, asked: AskedRoute, ports: Sequence[ProbeAnswer]
) -> RouteAnswer:
    """What the endpoints' own ports say of a backend that the request did not come to."""
    unseen = part is ChainPart.UNSEEN
    # A plugin may show a page of its own while it starts the backend.
    waits = unseen and status < UNAUTHORIZED
    bad = SiteState.NOT_TESTED if waits else SiteState.FAILS

    def said(outcome: SiteState, more: str, needs: Need = Need.NOTHING) -> RouteAnswer:
        what = f"HTTP {status}{', perhaps' if unseen else ''} of {part}{more}"
        return RouteAnswer(Answerer.MIDDLEWARE, outcome, what, status, needs)

    if asked.deserted:
        return said(bad, ", and no endpoint is ready behind it")
    tried = [answer for answer in ports if answer.outcome is not Outcome.UNTRIED]
    if not tried:
        return said(SiteState.NOT_TESTED, "", Need.PORTS)
    if not any(answer.outcome is Outcome.OK for answer in tried):
        ends = ", ".join(sorted({str(answer.outcome) for answer in tried}))
        if asked.guarded:
            more = f", and its port is shut ({ends}), perhaps by a NetworkPolicy"
            return said(SiteState.NOT_TESTED, more)
        return said(bad, f", and its port does not answer ({ends})")
    if part is ChainPart.ERRORS:
        # The port is open, and something failed all the same: it may be either's page.
        return said(SiteState.NOT_TESTED, ", and its port is open")
    return said(SiteState.ANSWERS, ", and its port is open behind it")


def _of_backend(status: int, facts: WebFacts) -> RouteAnswer:
    what = f"HTTP {status}"
    if status >= SERVER_ERROR:
        again = facts.retry_after[:8]
        wait = f", Retry-After {again} s" if again.isascii() and again.isdecimal() else ""
        what = f"{what} of the backend itself{wait}"
    return RouteAnswer(Answerer.BACKEND, SiteState.ANSWERS, what, status)


def _said(by: Answerer, outcome: SiteState, status: int) -> RouteAnswer:
    return RouteAnswer(by, outcome, f"HTTP {status} of {by}", status)
