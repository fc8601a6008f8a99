"""The answers about Traefik as JSON, for scripts. The schema: docs/traefik.schema.json."""

from __future__ import annotations

from typing import Any

import msgspec

from bot.render.json_text import indented, schema_of
from bot.traefik.domain.answers import LogsAnswer, RoutesAnswer, RouteView

VERSION = "meshmedic.dev/traefik/v1"


class JsonTraefik(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One answer: `routes`, `logs`, or `routes` without entries and the one `route`."""

    schema: str = VERSION
    routes: RoutesAnswer | None = None
    route: RouteView | None = None
    logs: LogsAnswer | None = None


def routes(answer: RoutesAnswer) -> bytes:
    """Every route, as indented JSON with a line end."""
    return indented(JsonTraefik(routes=answer))


def route(view: RouteView, answer: RoutesAnswer) -> bytes:
    """One route, with the replicas and gaps of the answer that it is a part of."""
    around = msgspec.structs.replace(answer, routes=())
    return indented(JsonTraefik(route=view, routes=around))


def logs(answer: LogsAnswer) -> bytes:
    """What the logs say."""
    return indented(JsonTraefik(logs=answer))


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of all three."""
    return schema_of(JsonTraefik, VERSION)
