"""The rules of the simulated Traefik: which Service a request goes to, by pod IPs or by the VIP.

Only what the scenarios have: hosts and path prefixes. Source: Traefik's providers, as docs/fix.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.ingress_conversion.rule import LABEL
from bot.routing.native_lb import ANNOTATION, FIELD

Plain = dict[str, Any]
HOST = re.compile(r"Host(?:Regexp)?\(`([^`]+)`\)")
ANY_LABEL = rf"^{LABEL}\."
PREFIX = re.compile(r"Path(?:Prefix)?\(`([^`]+)`\)")


@dataclass(frozen=True, slots=True)
class ProxyRule:
    """A rule and the Service's port that it leads to, by its pods or (`native`) by its VIP.

    `host` is empty for every host, or a name whose first label may be `*`.
    """

    host: str
    path: str
    priority: int
    service: tuple[str, str]
    port: int | str
    native: bool

    def matches(self, host: str, path: str) -> bool:
        """Whether the rule matches a request."""
        return self._matches_host(host) and path.startswith(self.path or "/")

    def _matches_host(self, host: str) -> bool:
        any_label = self.host.startswith("*.") and self.host[2:] == host.partition(".")[2]
        return any_label or self.host in ("", host)


def proxy_rules(
    ingresses: Sequence[Plain], routes: Sequence[Plain], services: Sequence[Plain]
) -> tuple[ProxyRule, ...]:
    """Every rule, in the order in which Traefik tries them."""
    native = {
        (service["metadata"].get("namespace", ""), service["metadata"]["name"])
        for service in services
        if (service["metadata"].get("annotations") or {}).get(ANNOTATION) == "true"
    }
    rules = (*_of_ingresses(ingresses, native), *_of_routes(routes))
    return tuple(sorted(rules, key=lambda rule: -rule.priority))


def _of_ingresses(ingresses: Sequence[Plain], native: set[tuple[str, str]]) -> Iterator[ProxyRule]:
    for ingress in ingresses:
        namespace = ingress["metadata"].get("namespace", "")
        for rule in ingress["spec"].get("rules") or ():
            for path in (rule.get("http") or {}).get("paths") or ():
                backend = path["backend"]["service"]
                service = namespace, backend["name"]
                port = backend["port"].get("number") or backend["port"].get("name", "")
                host, prefix = rule.get("host", ""), path.get("path") or "/"
                priority = len(host) + len(prefix) + 26
                yield ProxyRule(host, prefix, priority, service, port, service in native)


def _of_routes(routes: Sequence[Plain]) -> Iterator[ProxyRule]:
    for route in routes:
        namespace = route["metadata"].get("namespace", "")
        for rule in route["spec"].get("routes") or ():
            host, path = HOST.search(rule["match"]), PREFIX.search(rule["match"])
            for to in rule.get("services") or ():
                yield ProxyRule(
                    _host(host[1]) if host else "",
                    path[1] if path else "/",
                    rule.get("priority") or len(rule["match"]),
                    (to.get("namespace") or namespace, to["name"]),
                    to.get("port", 80),
                    bool(to.get(FIELD)),
                )


def _host(text: str) -> str:
    """A name as it is, and the pattern of a converted wildcard as the wildcard."""
    if text.startswith(ANY_LABEL):
        return f"*.{text.removeprefix(ANY_LABEL).removesuffix('$')}".replace("\\.", ".")
    return text
