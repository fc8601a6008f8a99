"""`/traefik routes`, `describe` and `logs`, over a small cluster with Traefik in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from msgspec.structs import replace as with_fields
from rich.console import RenderableType

from bot.domain.snapshot import Snapshot
from bot.traefik.domain.answers import LogsAnswer, RoutesAnswer, RouteView
from bot.traefik.service import Traefik
from bot.traefik.views import discord as discord_traefik
from bot.traefik.views import json as json_traefik
from bot.traefik.views import table
from bot.traefik.views import terminal as terminal_traefik
from tests.fakes import FakeCluster, FakeTraefik
from tests.golden import Pages
from tests.golden.moments import NOW
from tests.golden.shapes import card, on_screens, page
from tests.traefik.world import (
    AGAIN,
    EDGE,
    INGRESS_ROUTER,
    POD,
    STALE,
    a_runtime,
    created,
    refused,
    world,
)

LABEL = "ingressroute/apps/site"
UNKNOWN_SERVICE = (
    '2026-11-23T11:20:00Z ERR kubernetes.go:10 > error="kubernetes service not found: apps/gone" '
    "ingress=other namespace=apps providerName=kubernetescrd\n"
)


@dataclass
class AtNow(FakeCluster):
    """The fake cluster, whose snapshots are all of one moment."""

    async def snapshot(self, *asked: object, **rest: object) -> Snapshot:
        """What is there at NOW."""
        return replace(await super().snapshot(*asked, **rest), taken_at=NOW)  # type: ignore[arg-type]


def _traefik(source: FakeTraefik) -> Traefik:
    cluster = AtNow(objects=world(), traefik=source)
    return Traefik(cluster, source)


LOG = created(POD) + created(POD, router=INGRESS_ROUTER) + refused() + refused(at="11:40:00")


def _sources() -> dict[str, FakeTraefik]:
    """What Traefik lets be seen of itself."""
    return {
        "by-api": FakeTraefik((EDGE,), runtimes={"traefik-1": a_runtime(POD)}),
        "by-log": FakeTraefik((EDGE,), logs={"traefik-1": LOG.encode()}),
        "stale": FakeTraefik((EDGE, AGAIN), runtimes={"traefik-1": a_runtime(POD, STALE)}),
        "with-errors": FakeTraefik(
            (EDGE,), runtimes={"traefik-1": a_runtime(errors=("no such middleware",))}
        ),
        "unseen": FakeTraefik((EDGE,)),
        "absent": FakeTraefik(),
    }


def _logs() -> dict[str, FakeTraefik]:
    quiet = replace(EDGE, args=("--providers.kubernetescrd", "--providers.kubernetesingress"))
    return {
        "logs-with-failures": FakeTraefik((EDGE,), logs={"traefik-1": LOG.encode()}),
        "logs-with-refusals": FakeTraefik((EDGE,), logs={"traefik-1": UNKNOWN_SERVICE.encode()}),
        "logs-without-failures": FakeTraefik((EDGE,), logs={"traefik-1": created(POD).encode()}),
        "logs-of-a-level-that-tells-nothing": FakeTraefik((quiet,), logs={"traefik-1": b""}),
    }


def _routes_of(name: str) -> RoutesAnswer:
    return with_fields(asyncio.run(_traefik(_sources()[name]).routes()), taken_at=NOW)


def _route_of(name: str) -> tuple[RouteView, RoutesAnswer]:
    view, answer = asyncio.run(_traefik(_sources()[name]).describe(LABEL))
    return view, with_fields(answer, taken_at=NOW)


def _logs_of(name: str) -> LogsAnswer:
    return asyncio.run(_traefik(_logs()[name]).logs())


def _three(
    name: str,
    as_card: Callable[[], str],
    as_page: Callable[[], RenderableType],
    as_json: Callable[[], bytes],
) -> dict[str, Callable[[], str]]:
    return {
        f"{name}-discord.json": as_card,
        f"{name}-terminal.txt": lambda: page(as_page()),
        f"{name}.json": lambda: as_json().decode(),
    }


def _of_routes(name: str) -> dict[str, Callable[[], str]]:
    made = _three(
        f"routes-{name}",
        lambda: card(discord_traefik.routes(_routes_of(name))),
        lambda: terminal_traefik.routes(_routes_of(name)),
        lambda: json_traefik.routes(_routes_of(name)),
    )
    made[f"routes-{name}-table.txt"] = lambda: on_screens(table.routes, _routes_of(name))
    return made


def _of_route(name: str) -> dict[str, Callable[[], str]]:
    return _three(
        f"route-{name}",
        lambda: card(discord_traefik.route(*_route_of(name))),
        lambda: terminal_traefik.route(*_route_of(name)),
        lambda: json_traefik.route(*_route_of(name)),
    )


def _of_logs(name: str) -> dict[str, Callable[[], str]]:
    return _three(
        name,
        lambda: card(discord_traefik.logs(_logs_of(name))),
        lambda: terminal_traefik.logs(_logs_of(name)),
        lambda: json_traefik.logs(_logs_of(name)),
    )


PAGES: Pages = {
    name: tell
    for pages in (
        *map(_of_routes, _sources()),
        *map(_of_route, ("by-api", "stale", "with-errors", "unseen")),
        *map(_of_logs, _logs()),
    )
    for name, tell in pages.items()
}
