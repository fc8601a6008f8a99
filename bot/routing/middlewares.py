"""Middlewares that Traefik cannot build: a route with one is refused as a whole.

Source: Traefik's provider kubernetescrd and pkg/server/middleware, v2.10 to v3.7, and what v3.6
says of each (tests/cluster/test_objects.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from bot.domain.finding import Ref
from bot.domain.resources import traefik
from bot.domain.resources.base import Reference
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.routing import backends, secrets
from bot.routing import references as routing
from bot.routing.chains import Chains
from bot.routing.go_regexp import why_invalid
from bot.routing.references import Defect, Provider
from bot.routing.rules import is_range
from bot.routing.running import configs
from bot.routing.secrets import Place

NEWEST = (3, 7)
"""The newest version whose kinds of Middlewares are known here."""

SHOWN = 60

LOOP = "It is a chain that leads back to itself, so Traefik builds none of it."

_NUMBER = r"(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})(?:[eE][-+]?\d{1,3})?"
COMPARISON = re.compile(
    rf"(?:NetworkErrorRatio\(\)|LatencyAtQuantileMS\({_NUMBER}\)"
    rf"|ResponseCodeRatio\({_NUMBER}(?:,{_NUMBER}){{3}}\))(?:[<>]=?|==|!=){_NUMBER}"
)
"""What a circuit breaker asks. Source: vulcand/oxy, cbreaker/predicates.go."""

JOINED = re.compile(r"\(T\)|T(?:(?:&&|\|\|)T)+")
LONGEST_EXPRESSION = 1000
"""Longer expressions are not read."""


def middleware(snapshot: Snapshot, here: str, reference: Reference) -> Defect | None:
    """The defect of a reference to a Middleware, which may name its provider, or of its object."""
    namespace, name = reference.namespace or here, reference.name
    if missing := routing.existing(snapshot, traefik.Middleware, namespace, name):
        return missing
    target = routing.resolved(snapshot, traefik.Middleware, namespace, name)
    if target is None:
        return None
    return routing.caused_by(target.ref, defects(snapshot, target.ref))


def of_tcp(snapshot: Snapshot, here: str, reference: Reference) -> Defect | None:
    """The same of a MiddlewareTCP."""
    namespace, name = reference.namespace or here, reference.name
    if missing := routing.existing(snapshot, traefik.MiddlewareTCP, namespace, name):
        return missing
    target = routing.resolved(snapshot, traefik.MiddlewareTCP, namespace, name)
    return routing.caused_by(target.ref, tuple(tcp_defects(target))) if target else None


def defects(snapshot: Snapshot, ref: Ref) -> tuple[Defect, ...]:
    """What is wrong with a Middleware."""
    return snapshot.once("routing.middlewares", lambda: _chains(snapshot)).defects(ref)


def tcp_defects(middleware: traefik.MiddlewareTCP) -> Iterator[Defect]:
    """What is wrong with a MiddlewareTCP."""
    spec = middleware.spec
    for name, ranges in (("ipAllowList", spec.ip_allow_list), ("ipWhiteList", spec.ip_white_list)):
        yield from _ranges(name, ranges)


def _chains(snapshot: Snapshot) -> Chains:
    middlewares = {item.ref: item for item in snapshot.of(traefik.Middleware)}
    provider = Provider(configs(snapshot))
    return Chains(
        named=lambda ref: _chained(middlewares[ref]) if ref in middlewares else None,
        own=lambda ref: tuple(_own(middlewares[ref], provider, snapshot)),
        circle=Defect("MiddlewareLoop", LOOP),
        # What has failed weighs more, so it goes its way first.
        passed_on=(lambda its: routing.worst(its).verdict is Verdict.FAILED, bool),
        prefix="It is a chain: ",
    )


def _chained(middleware: traefik.Middleware) -> Iterator[Ref]:
    chain = middleware.spec.chain
    for reference in chain.middlewares if chain else ():
        if "@" not in reference.name:
            yield reference.ref(middleware.namespace, kind="Middleware")


def _own(
    middleware: traefik.Middleware, provider: Provider, snapshot: Snapshot
) -> Iterator[Defect]:
    spec, here = middleware.spec, middleware.namespace
    kinds = [name for name in spec.__struct_fields__ if getattr(spec, name) is not None]
    if len(kinds) > 1:
        message = f"It is of {len(kinds)} kinds at once ({', '.join(kinds[:4])}). Make one of each."
        yield _invalid(message)
    if not kinds and not provider.is_newer_than(NEWEST):
        yield _invalid("No kind of Middleware is configured in it.")
    for pattern in _patterns(spec):
        if why := why_invalid(pattern):
            yield _invalid(f"The pattern `{pattern[:SHOWN]}` is not valid: {why}.")
    for name, ranges in (("ipAllowList", spec.ip_allow_list), ("ipWhiteList", spec.ip_white_list)):
        yield from _ranges(name, ranges)
    yield from _required(spec)
    yield from _plugins(spec.plugin or {}, provider)
    yield from _secrets(middleware, snapshot)
    yield from _chain(spec.chain, here, snapshot)
    page = spec.errors.service if spec.errors else None
    defect = backends.backend(page, here, provider, snapshot) if page else None
    # Without an endpoint only the pages for errors are missing, unless Traefik drops the rule.
    if defect and defect.verdict in routing.NOTHING_ANSWERS:
        if defect.reason not in routing.EMPTY:
            yield defect
        elif defect.drops_rule:
            yield routing.in_part(defect)


def _invalid(message: str) -> Defect:
    return Defect("MiddlewareNotValid", message)


def _patterns(spec: traefik.MiddlewareSpec) -> Iterable[str]:
    single = (spec.redirect_regex, spec.replace_path_regex)
    yield from (pattern.regex for pattern in single if pattern)
    yield from (spec.strip_prefix_regex.regex or ()) if spec.strip_prefix_regex else ()
    if spec.headers:
        yield from spec.headers.access_control_allow_origin_list_regex or ()
    if spec.forward_auth:
        yield spec.forward_auth.auth_response_headers_regex


def _ranges(name: str, ranges: traefik.Ranges | None) -> Iterator[Defect]:
    if ranges is None:
        return
    if not ranges.source_range:
        yield _invalid(f"{name} has no sourceRange.")
    for value in ranges.source_range or ():
        if not is_range(value):
            yield _invalid(f"{name}: {value[:SHOWN]} is not an address or a range.")


def _required(spec: traefik.MiddlewareSpec) -> Iterator[Defect]:
    """Values without which Traefik builds no Middleware."""
    breaker = spec.circuit_breaker
    if breaker and not _is_condition(breaker.expression):
        yield _invalid(f"The expression `{breaker.expression[:SHOWN]}` is not a condition.")
    if spec.add_prefix and not spec.add_prefix.prefix:
        yield _invalid("addPrefix has no prefix.")
    if spec.redirect_scheme and not spec.redirect_scheme.scheme:
        yield _invalid("redirectScheme has no scheme.")
    if spec.retry and spec.retry.attempts <= 0:
        yield _invalid("retry has no attempts.")
    for name, auth in (("basicAuth", spec.basic_auth), ("digestAuth", spec.digest_auth)):
        if auth and not auth.secret:
            yield _invalid(f"{name} names no Secret.")


def _is_condition(expression: str) -> bool:
    """Whether an expression of a circuit breaker can be read: comparisons, joined in any way."""
    if len(expression) > LONGEST_EXPRESSION:
        return True
    shape = "".join(expression.split())
    if "T" in COMPARISON.sub("", shape):
        return False
    shape, count = COMPARISON.subn("T", shape)
    while count:
        shape, count = JOINED.subn("T", shape)
    return shape == "T"


def _plugins(plugins: Mapping[str, object], provider: Provider) -> Iterator[Defect]:
    if len(plugins) > 1:
        yield _invalid(f"It names {len(plugins)} plugins. Make one Middleware of each.")
    known = provider.plugins()
    for name in plugins:
        if known is not None and name.casefold() not in known:
            message = (
                f"Traefik's arguments name no plugin {name[:SHOWN]}. "
                f"Add --experimental.plugins.{name[:SHOWN]}.modulename and its version."
            )
            yield Defect("PluginNotKnown", message)


def secrets_of(middleware: traefik.Middleware) -> Iterator[Place]:
    """The Secrets that a Middleware names."""
    spec = middleware.spec
    tls = spec.forward_auth.tls if spec.forward_auth else None
    named = (
        *(auth.secret for auth in (spec.basic_auth, spec.digest_auth) if auth),
        *((tls.ca_secret, tls.cert_secret) if tls else ()),
    )
    yield from ((middleware.namespace, name) for name in named if name)


def secrets_behind(
    snapshot: Snapshot, here: str, references: Iterable[Reference]
) -> Iterator[Place]:
    """The Secrets of the Middlewares that a rule names, and of those in their chains."""
    for middleware in behind(snapshot, here, references):
        if middleware:
            yield from secrets_of(middleware)


def behind(
    snapshot: Snapshot, here: str, references: Iterable[Reference]
) -> Iterator[traefik.Middleware | None]:
    """The Middlewares that a rule names, and those in their chains; None for one not seen."""
    waiting = [(here, reference) for reference in references]
    known: set[Ref] = set()
    for place, reference in waiting:
        namespace = reference.namespace or place
        middleware = routing.resolved(snapshot, traefik.Middleware, namespace, reference.name)
        if middleware is None:
            yield None
        elif middleware.ref not in known:
            known.add(middleware.ref)
            yield middleware
            members = middleware.spec.chain.middlewares if middleware.spec.chain else ()
            waiting += [(middleware.namespace, member) for member in members]


def _secrets(middleware: traefik.Middleware, snapshot: Snapshot) -> Iterator[Defect]:
    for here, name in secrets_of(middleware):
        if secrets.is_missing(snapshot, here, name):
            message = (
                f"It needs Secret {here}/{name}, which does not exist, so Traefik drops what uses "
                "it. Create the Secret."
            )
            yield Defect("MiddlewareWithoutSecret", message)
        elif unwritten := secrets.unwritten(snapshot, here, name, Verdict.FAILED):
            yield unwritten


def _chain(chain: traefik.Chain | None, here: str, snapshot: Snapshot) -> Iterator[Defect]:
    for reference in chain.middlewares if chain else ():
        namespace = reference.namespace or here
        missing = routing.existing(snapshot, traefik.Middleware, namespace, reference.name)
        if missing:
            yield Defect(missing.reason, f"It is a chain: {missing.message}", missing.verdict)
