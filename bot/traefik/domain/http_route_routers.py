"""The names of the routers that Traefik makes of an HTTPRoute: one a listener, rule and match.

Source: `makeRouterName` and `buildMatchRule` of Traefik's provider kubernetesgateway, v3.1 to
3.7.10, and the names in its own tests. How a rule is quoted and what is hashed changed within minor
versions, so that a router may have one of several names.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from bot.domain.grouping import grouped
from bot.domain.resources.gateway import Gateway, HTTPRoute, HTTPRouteMatch, PathMatch, ValueMatch
from bot.routing import gateways
from bot.routing.gateways import NamedRule, Parent
from bot.routing.instance import GATEWAY, TraefikConfig
from bot.traefik.domain.router_names import normalized

WHOLE_NAMES_SINCE = (3, 2)
"""From then on a name holds the Gateway's namespace, too."""

MOST = 256
"""Routers of one route that are named."""

META = re.compile(r"[\\.+*?()|\[\]{}^$]")
"""What Go's `regexp.QuoteMeta` escapes."""

REGEXP = "RegularExpression"

Quote = Callable[[str], str]
Key = tuple[int, str, PathMatch]
"""The number of a rule, a host and a path."""


def names_by_rule(
    route: HTTPRoute, parents: tuple[Parent, ...], config: TraefikConfig
) -> Callable[[NamedRule], tuple[str, ...]]:
    """How to find the names of the routers that take a rule's requests for its host and path.

    None are known where the entrypoint of no listener is.
    """
    every: dict[Key, dict[str, None]] = {}
    for router in islice(_routers(route, parents, config), MOST):
        named = dict.fromkeys(router.names(config))
        for host in router.hosts:
            every.setdefault((router.number, host, router.match.path), {}).update(named)
    return lambda rule: tuple(every.get((rule.number, rule.host, rule.path), ()))


@dataclass(frozen=True, slots=True)
class _Router:
    """The router of one match of a rule, for all hosts that one listener leaves its route."""

    route: HTTPRoute
    gateway: Gateway
    entry_point: str
    hosts: tuple[str, ...]
    number: int
    match: HTTPRouteMatch

    def names(self, config: TraefikConfig) -> Iterator[str]:
        """The names that it may have, the likeliest first."""
        own = (self.route.namespace, self.route.name)
        at = (self.gateway.name, self.entry_point, str(self.number))
        raw, escaped = (self.rule(quote) for quote in (_raw, _escaped))
        if not config.since(WHOLE_NAMES_SINCE):
            yield _name("-".join((*own, *at)), raw)
            return
        parts = (*own, self.gateway.namespace, *at)
        label = "httproute-{}-{}-gw-{}-{}-ep-{}-{}".format(*parts)
        lengths = "".join(f"{len(part.encode(errors='replace'))}:{part}" for part in parts)
        by_age = (raw, escaped, f"{lengths}{escaped}")
        # Since 3.6 rules are escaped, since 3.7 the parts are hashed with them.
        likely = config.since((3, 6)) + config.since((3, 7))
        for hashed in dict.fromkeys((by_age[likely], *reversed(by_age))):
            yield _name(label, hashed)

    def rule(self, quote: Quote) -> str:
        """The text of its rule."""
        parts = [_path(self.match.path, quote)]
        if self.match.method:
            parts.append(f"Method({quote(self.match.method)})")
        parts += _values("Header", self.match.headers, quote)
        parts += _values("Query", self.match.query_params, quote)
        named = [_host(host, quote) for host in self.hosts if host]
        if named:
            parts.insert(0, named[0] if len(named) == 1 else f"({' || '.join(named)})")
        return " && ".join(parts)


def _routers(
    route: HTTPRoute, parents: tuple[Parent, ...], config: TraefikConfig
) -> Iterator[_Router]:
    """One for each listener with an entrypoint at its port, each rule and each match."""
    entry_points = {port: name for name, port in config.static.entry_point_ports}
    served = grouped(
        ((one.gateway.ref, one.listener.name), one) for one in gateways.served_hosts(route, parents)
    )
    for several in served.values():
        one, hosts = several[0], tuple(dict.fromkeys(one.host for one in several))
        if entry_point := entry_points.get(one.listener.port):
            for number, rule in enumerate(route.spec.rules or ()):
                for match in rule.every_match:
                    yield _Router(route, one.gateway, entry_point, hosts, number, match)


def _name(label: str, hashed: str) -> str:
    digest = hashlib.sha256(hashed.encode(errors="surrogatepass")).hexdigest()[:20]
    return f"{normalized(label)}-{digest}@{GATEWAY}"


def _host(host: str, quote: Quote) -> str:
    if "*" not in host:
        return f"Host({quote(host)})"
    pattern = META.sub(r"\\\g<0>", host).replace(r"\*\.", r"[a-z0-9-\.]+\.", 1)
    return f"HostRegexp({quote(f'^{pattern}$')})"


def _path(path: PathMatch, quote: Quote) -> str:
    match path.type:
        case "Exact":
            return f"Path({quote(path.value)})"
        case "PathPrefix" if path.value != "/":
            begin = path.value.removesuffix("/")
            return f"(Path({quote(begin)}) || PathPrefix({quote(f'{begin}/')}))"
        case "RegularExpression":
            return f"PathRegexp({quote(path.value)})"
        case _:
            return f"PathPrefix({quote('/')})"


def _values(kind: str, values: Sequence[ValueMatch] | None, quote: Quote) -> Iterator[str]:
    for value in values or ():
        name = f"{kind}Regexp" if value.type == REGEXP else kind
        yield f"{name}({quote(value.name)},{quote(value.value)})"


def _raw(text: str) -> str:
    return f"`{text}`"


def _escaped(text: str) -> str:
    """As Go's `%q` does it for what can be printed; other text is in no name that is known."""
    return '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"'))
