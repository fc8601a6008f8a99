"""The routes that Traefik refuses by its log, where its API tells nothing.

Traefik repeats a refusal at each configuration, and is quiet about what is in order. So a line
counts unless newer ones do not repeat it, or the object that it names came with it or since.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from bot.domain.finding import Ref
from bot.domain.redaction.redact import redact
from bot.domain.resources import core, traefik
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot
from bot.routing.traefik_word import LoggedRefusal
from bot.traefik.domain import log_report
from bot.traefik.domain.answers import RouteView
from bot.traefik.domain.log_summary import LogSummary
from bot.traefik.missing_secrets import SECRET, TOGETHER

NAMED = re.compile(r"(\w{1,40}) \"([a-z0-9][a-z0-9.-]{0,300})(?:@[a-z]{1,40})?\"")
"""What Traefik names and of which kind: namespace and name in one, and of a Service its port too.
"""

MAY_BE: Mapping[str, tuple[type[Object], ...]] = {
    "middleware": (traefik.Middleware, traefik.MiddlewareTCP),
    "service": (core.Service, traefik.TraefikService),
    "serversTransport": (traefik.ServersTransport,),
}
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
        born = (item.metadata.creation_timestamp for item in _named(message, snapshot))
        if all(time is None or at - time > TOGETHER for time in born):
            refused[ref][LoggedRefusal(redact(message)[:LONGEST], at)] = None
    return {ref: tuple(found) for ref, found in refused.items()}


def _named(message: str, snapshot: Snapshot) -> Iterator[Object]:
    """The objects that a line names, as far as they are there."""
    for kind, name in NAMED.findall(message):
        for type_ in MAY_BE.get(kind, ()):
            for item in snapshot.of(type_):
                own = f"{item.namespace}-{item.name}"
                if name == own or name.startswith(f"{own}-"):
                    yield item
