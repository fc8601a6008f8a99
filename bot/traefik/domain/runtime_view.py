"""Traefik's runtime view: for each router its servers, by Traefik's API, else by its log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from bot.traefik.domain import router_names
from bot.traefik.domain.api import Runtime
from bot.traefik.domain.log_summary import LogSummary

KUBERNETES = ("kubernetes", "kubernetescrd")


class RouterView(msgspec.Struct, frozen=True):
    """A router with the URLs to which its requests go; `errors` are Traefik's own words.

    Where it is not `refused`, it works in spite of them.
    """

    name: str
    rule: str = ""
    urls: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    refused: bool = False


def by_api(runtime: Runtime) -> tuple[RouterView, ...]:
    """The routers that come from Kubernetes objects, as the API shows them."""
    return tuple(
        RouterView(router.name, router.rule, runtime.servers(router), router.errors, router.refused)
        for router in runtime.routers
        if router.provider.startswith(KUBERNETES)
    )


def by_log(summary: LogSummary) -> tuple[RouterView, ...]:
    """Each router with the servers that were created last for it."""
    urls: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for server in summary.servers:
        if server.current and server.event.router:
            urls[server.event.router][server.event.url] = None
    return tuple(RouterView(name, urls=tuple(urls[name])) for name in sorted(urls))


class Routers:
    """Routers, looked up by the rule that they come from."""

    def __init__(self, routers: Iterable[RouterView]) -> None:
        """Index them: there may be a thousand, and as many rules."""
        self._by_name: defaultdict[str, list[RouterView]] = defaultdict(list)
        self._by_rule: defaultdict[tuple[str, str], list[RouterView]] = defaultdict(list)
        for router in routers:
            # An entrypoint makes `web-…` of `…`, so each end of a name is a name, too.
            name = router.name
            self._by_name[name].append(router)
            while "-" in name:
                name = name.partition("-")[2]
                self._by_name[name].append(router)
            self._by_rule[router.name.rpartition("@")[2], router.rule].append(router)

    def of_rule(self, names: Sequence[str], match: str, prefix: str) -> tuple[RouterView, ...]:
        """The routers of one rule: by Traefik's names for it, else by its text and its object."""
        named = {router.name: router for name in names for router in self._by_name.get(name, ())}
        if named:
            return tuple(sorted(named.values(), key=lambda router: router.name not in names))
        providers = {name.rpartition("@")[2] for name in names}
        begins = router_names.normalized(prefix)
        return tuple(
            router
            for provider in sorted(providers)
            for router in (self._by_rule.get((provider, match), ()) if match else ())
            if begins in router.name
        )
