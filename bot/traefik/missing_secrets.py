"""The Secrets that Traefik looked for and did not find, by what its log says of objects.

Traefik is quiet about what is in order: a line alone does not tell whether the Secret came since.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from bot.domain.resources import networking, traefik
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot
from bot.routing.secrets import Place
from bot.traefik.domain.log_events import ProviderError
from bot.traefik.domain.log_summary import LogSummary

SECRET = re.compile(
    r"[Ss]ecret '?([a-z0-9-]{1,63})/([a-z0-9.-]{1,253})'? (?:(?:is )?not found|does not exist)"
)
"""Source: Traefik's providers kubernetes and kubernetescrd, v2.0 to v3.7."""

NAMING: dict[str, tuple[type[Object], ...]] = {
    "kubernetes": (networking.Ingress,),
    "kubernetescrd": (traefik.IngressRoute, traefik.IngressRouteTCP),
    "middleware": (traefik.Middleware,),
    "tlsoption": (traefik.TLSOption,),
    "serverstransport": (traefik.ServersTransport,),
}
"""By the provider, or the kind that a line names: the kinds that its object may be of."""

TOGETHER = timedelta(minutes=1)
"""Within this time of an object, the Secret that it names may come with it."""


def missing_secrets(
    summaries: Iterable[LogSummary], snapshot: Snapshot
) -> Mapping[Place, datetime]:
    """When each of them was missed last, by an object that is there and was not just created."""
    missed: dict[Place, datetime] = {}
    for summary in summaries:
        for place, at in _missed(summary, snapshot):
            missed[place] = max(at, missed.get(place, at))
    return missed


def _missed(summary: LogSummary, snapshot: Snapshot) -> Iterable[tuple[Place, datetime]]:
    for event, at in summary.standing():
        if match := SECRET.search(event.message):
            born = _born(event, match[1], snapshot)
            if born and at - born > TOGETHER:
                yield (match[1], match[2]), at


def _born(event: ProviderError, namespace: str, snapshot: Snapshot) -> datetime | None:
    """When the object that a line names was created; None where it is not there."""
    names = (event.name, event.name.removeprefix(f"{namespace}-"))
    objects = (
        snapshot.get(kind, namespace, name)
        for kind in NAMING.get(event.kind or event.provider, ())
        for name in names
    )
    times = (found.metadata.creation_timestamp for found in objects if found)
    return max(filter(None, times), default=None)
