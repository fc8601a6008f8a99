"""What the simulated Traefik does with a request: the route by its host, and pod IPs or the VIP.

Only what the scenarios have: hosts and path prefixes. Source: Traefik's providers, as docs/fix.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.routing.native_lb import ANNOTATION, FIELD

Plain = dict[str, Any]
HOST = re.compile(r"Host(Regexp)?\(`([^`]+)`\)")
PREFIX = re.compile(r"Path(?:Prefix)?\(`([^`]+)`\)")


@dataclass(frozen=True, slots=True)
class Way:
    """A rule and where it leads: to a Service's port, by its pods or by its VIP.

    `host` is empty for every host, or a name whose first label may be `*`; with `regexp` a pattern.
    """

    host: str
    path: str
    priority: int
    service: tuple[str, str]
    port: int | str
    native: bool
    regexp: bool = False

    def takes(self, host: str, path: str) -> bool:
        """Whether the rule matches a request."""
        return self._hosts(host) and path.startswith(self.path or "/")

    def _hosts(self, host: str) -> bool:
        if self.regexp:
            return re.search(self.host, host) is not None
        any_label = self.host.startswith("*.") and self.host[2:] == host.partition(".")[2]
        return any_label or self.host in ("", host)


def ways(
    ingresses: Sequence[Plain], routes: Sequence[Plain], services: Sequence[Plain]
) -> tuple[Way, ...]:
    """Every rule, in the order in which Traefik tries them."""
    notes = {
        (service["metadata"].get("namespace", ""), service["metadata"]["name"]): (
            service["metadata"].get("annotations") or {}
        )
        for service in services
    }
    found = (*_of_ingresses(ingresses, notes), *_of_routes(routes))
    return tuple(sorted(found, key=lambda each: -each.priority))


def _of_ingresses(ingresses: Sequence[Plain], notes: dict[tuple[str, str], Plain]) -> Iterator[Way]:
    for ingress in ingresses:
        namespace = ingress["metadata"].get("namespace", "")
        for rule in ingress["spec"].get("rules") or ():
            for path in (rule.get("http") or {}).get("paths") or ():
                backend = path["backend"]["service"]
                service = namespace, backend["name"]
                port = backend["port"].get("number") or backend["port"].get("name", "")
                native = notes.get(service, {}).get(ANNOTATION) == "true"
                host, prefix = rule.get("host", ""), path.get("path") or "/"
                yield Way(host, prefix, len(host) + len(prefix) + 26, service, port, native)


def _of_routes(routes: Sequence[Plain]) -> Iterator[Way]:
    for route in routes:
        namespace = route["metadata"].get("namespace", "")
        for rule in route["spec"].get("routes") or ():
            host, path = HOST.search(rule["match"]), PREFIX.search(rule["match"])
            for to in rule.get("services") or ():
                yield Way(
                    host[2] if host else "",
                    path[1] if path else "/",
                    rule.get("priority") or len(rule["match"]),
                    (to.get("namespace") or namespace, to["name"]),
                    to.get("port", 80),
                    bool(to.get(FIELD)),
                    regexp=bool(host and host[1]),
                )
