"""The routes that Traefik refuses by its log, where its API tells nothing.

Traefik repeats a refusal at each configuration, and is quiet about what is in order. So a line
counts unless newer ones do not repeat it, or something that it may wait for came since.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from bot.domain.finding import Ref
from bot.domain.redaction.redact import redact
from bot.domain.resources import core, traefik
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot
from bot.routing.running import route_of
from bot.routing.traefik_word import LoggedRefusal
from bot.traefik.domain import log_report
from bot.traefik.domain.answers import RouteView
from bot.traefik.domain.log_summary import LogSummary
from bot.traefik.missing_secrets import SECRET, TOGETHER

NAMED = re.compile(r"\"([a-z0-9][a-z0-9.-]{0,300})(?:@[a-z]{1,40})?\"")
"""An object as Traefik names it: its namespace and name in one, and of a Service its port too."""

MAY_BE = (core.Service, traefik.Middleware, traefik.MiddlewareTCP, traefik.TraefikService)
LONGEST = 300


def logged_refusals(
    summaries: Mapping[str, LogSummary], snapshot: Snapshot, routes: Sequence[RouteView]
) -> Mapping[Ref, tuple[LoggedRefusal, ...]]:
    """What the logs of the replicas of one configuration say of its routes."""
    refs = {view.label: view.ref for view in routes}
    refused: defaultdict[Ref, dict[LoggedRefusal, None]] = defaultdict(dict)
    for label, message, at in log_report.standing_refusals(summaries, snapshot, routes):
        ref = refs.get(label)
        # What is said of Secrets has rules of its own.
        if ref is None or SECRET.search(message):
            continue
        awaited = filter(None, (route_of(ref, snapshot), *_named(message, snapshot)))
        times = (one.metadata.creation_timestamp for one in awaited)
        if all(born is None or at - born > TOGETHER for born in times):
            refused[ref][LoggedRefusal(redact(message)[:LONGEST], at)] = None
    return {ref: tuple(found) for ref, found in refused.items()}


def _named(message: str, snapshot: Snapshot) -> Iterable[Object]:
    """The objects that a line names."""
    names = NAMED.findall(message)
    return (
        item
        for kind in MAY_BE
        for item in (snapshot.of(kind) if names else ())
        for name in names
        if name == f"{item.namespace}-{item.name}"
        or name.startswith(f"{item.namespace}-{item.name}-")
    )
