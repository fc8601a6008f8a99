"""What a Traefik believes: for each router its servers, by its API, else by its log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from bot.traefik.domain import router_names as naming
from bot.traefik.domain.api import Runtime
from bot.traefik.domain.log_summary import LogSummary

KUBERNETES = ("kubernetes", "kubernetescrd")


class RouterBelief(msgspec.Struct, frozen=True):
    """A router with the URLs to which its requests go; `errors` are Traefik's own words."""

    name: str
    rule: str = ""
    urls: tuple[str, ...] = ()
    status: str = ""
    errors: tuple[str, ...] = ()


def by_api(runtime: Runtime) -> tuple[RouterBelief, ...]:
    """Of the routers that come from Kubernetes objects."""
    return tuple(
        RouterBelief(
            router.name, router.rule, runtime.servers(router), router.status, router.errors
        )
        for router in runtime.routers
        if router.provider.startswith(KUBERNETES)
    )


def by_log(summary: LogSummary) -> tuple[RouterBelief, ...]:
    """The servers that were made last for each router."""
    urls: dict[str, list[str]] = {}
    for server in summary.servers:
        if server.current and server.router:
            urls.setdefault(server.router, []).append(server.url)
    return tuple(
        RouterBelief(name, urls=tuple(dict.fromkeys(found))) for name, found in sorted(urls.items())
    )


@dataclass
class Routers:
    """Routers by the rule that they come from. `web-…` is what an entrypoint makes of `…`."""

    found: Iterable[RouterBelief]
    _exact: dict[str, list[RouterBelief]] = field(default_factory=dict, init=False)
    _ends: dict[str, list[RouterBelief]] = field(default_factory=dict, init=False)
    _rules: dict[tuple[str, str], list[RouterBelief]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Index them: there may be a thousand, and as many rules."""
        for belief in self.found:
            self._exact.setdefault(belief.name, []).append(belief)
            rest = belief.name
            while "-" in rest:
                rest = rest.partition("-")[2]
                self._ends.setdefault(rest, []).append(belief)
            self._rules.setdefault((belief.name.rpartition("@")[2], belief.rule), []).append(belief)

    def of(self, router: str, match: str, prefix: str) -> tuple[RouterBelief, ...]:
        """Those of one rule: by Traefik's name for it, else by its text and its object's name."""
        named = (*self._exact.get(router, ()), *self._ends.get(router, ()))
        if named:
            return named
        provider = router.rpartition("@")[2]
        begins = naming.normalized(prefix)
        alike = self._rules.get((provider, match), ()) if match else ()
        return tuple(belief for belief in alike if begins in belief.name)
