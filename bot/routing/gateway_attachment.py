"""Whether Traefik takes an HTTPRoute at its Gateways: by their listeners, and by what Traefik says.

Source: Traefik's provider kubernetesgateway, v3.1 to v3.6. A listener whose port is that of no
entrypoint, or whose certificate is not there, takes no route.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bot.domain import conditions
from bot.domain.resources.base import Condition
from bot.domain.resources.gateway import Gateway, GatewayListener, HTTPRoute
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.routing import secrets
from bot.routing.gateways import (
    Parent,
    ServedHost,
    intersection,
    listeners_of,
    named_hosts,
    not_granted,
)
from bot.routing.references import NOTHING_ANSWERS, Defect

ACCEPTED, RESOLVED = "Accepted", "ResolvedRefs"

NOT_ACCEPTED = {
    "NoMatchingParent": "no listener takes it: see the status of the Gateway's listeners",
    "NotAllowedByListeners": "allowedRoutes of its listeners leave out its namespace or kind",
    "NoMatchingListenerHostname": "no hostname of the route fits a listener's",
}
"""What Traefik means by a reason that it writes without a message."""

MOST = 5
"""How many names a message holds."""


def not_attached(
    route: HTTPRoute, known: tuple[Parent, ...], snapshot: Snapshot
) -> tuple[Defect, ...]:
    """Why Traefik does not serve it at its parents; only in part where one of them takes it."""
    return shared([tuple(_of_parent(parent, route, snapshot)) for parent in known])


def shared(parts: list[tuple[Defect, ...]]) -> tuple[Defect, ...]:
    """The defects of parts that share the requests: while one works, the others break a part."""
    broken = [any(defect.verdict in NOTHING_ANSWERS for defect in part) for part in parts]
    every = (defect for part in parts for defect in part)
    if all(broken):
        return tuple(every)
    return tuple(
        replace(defect, verdict=Verdict.DEGRADED) if defect.verdict in NOTHING_ANSWERS else defect
        for defect in every
    )


def _of_parent(parent: Parent, route: HTTPRoute, snapshot: Snapshot) -> Iterator[Defect]:
    if parent.defect:
        yield parent.defect
        return
    if parent.gateway and (wrong := tuple(_by_objects(parent, parent.gateway, route, snapshot))):
        yield from wrong
        if any(defect.verdict in NOTHING_ANSWERS for defect in wrong):
            return
    yield from _by_status(parent, route, snapshot)


def _by_objects(
    parent: Parent, gateway: Gateway, route: HTTPRoute, snapshot: Snapshot
) -> Iterator[Defect]:
    if not parent.listeners:
        names = ", ".join(
            f"{listener.name} ({listener.port})" for listener in listeners_of(gateway)[:MOST]
        )
        named = f" {parent.reference.section_name}" if parent.reference.section_name else ""
        at = f" at port {parent.reference.port}" if parent.reference.port is not None else ""
        message = f"{gateway.ref} has no listener{named}{at} (it has {names or 'none'})."
        yield Defect("ListenerNotFound", message)
        return
    fitting = [
        listener
        for listener in parent.listeners
        if any(intersection(listener.hostname, name) is not None for name in named_hosts(route))
    ]
    if not fitting:
        own = ", ".join(named_hosts(route)[:MOST])
        theirs = ", ".join(listener.hostname for listener in parent.listeners[:MOST])
        message = f"{gateway.ref} takes {theirs}, and the route is for {own}."
        yield Defect("NoMatchingListenerHostname", message)
    elif wrong := shared([tuple(_of_listener(one, gateway, snapshot)) for one in fitting]):
        yield from wrong


def _of_listener(
    listener: GatewayListener, gateway: Gateway, snapshot: Snapshot
) -> Iterator[Defect]:
    """What is wrong with a listener: its certificate, and what Traefik says of it."""
    what = f"Listener {listener.name} of {gateway.ref}"
    if secret := ServedHost(gateway, listener, "").certificate:
        place = secret.namespace, secret.name
        if refused := not_granted(gateway.ref, "", secret, snapshot):
            yield replace(refused, message=f"{what}: {refused.message}")
        elif secrets.is_missing(snapshot, *place):
            message = f"{what}: {secret} does not exist, so Traefik drops the listener."
            yield Defect("SecretNotFound", message)
        elif defect := secrets.of_tls(snapshot, *place):
            yield defect
    said = next((s for s in gateway.status.listeners or () if s.name == listener.name), None)
    for entry in said.conditions if said else ():
        refuses = entry.status == ("True" if entry.type == "Conflicted" else "False")
        if refuses and is_current(entry, gateway.metadata.generation):
            reason = entry.reason or entry.type
            yield Defect(reason, f"{what}: {entry.message or reason}")
            return


def _by_status(parent: Parent, route: HTTPRoute, snapshot: Snapshot) -> Iterator[Defect]:
    """What Traefik says of the route; what it said of an older generation is not believed."""
    entry = current(parent, route, ACCEPTED)
    name = f"Gateway {parent.reference.namespace or route.namespace}/{parent.reference.name}"
    if entry is None and parent.status and parent.status.conditions:
        message = f"Traefik has not looked at generation {route.metadata.generation} yet."
        yield Defect("NotObserved", message, Verdict.PROGRESSING)
    elif entry is None:
        created = route.metadata.creation_timestamp
        young = created is not None and snapshot.taken_at - created <= conditions.PATIENCE
        message = f"Traefik has not said whether it accepts the route at {name}."
        yield Defect("NoStatus", message, Verdict.PROGRESSING if young else Verdict.UNKNOWN)
    elif entry.status != "True":
        reason = entry.reason or entry.type
        why = entry.message or NOT_ACCEPTED.get(reason, "without a reason")
        yield Defect(reason, f"Traefik does not take it at {name}: {reason}, {why}.")


def current(parent: Parent, route: HTTPRoute, type_: str) -> Condition | None:
    """What Traefik says of the route as it is now, by a condition."""
    entry = conditions.condition(parent.status.conditions, type_) if parent.status else None
    return entry if entry and is_current(entry, route.metadata.generation) else None


def is_current(entry: Condition, generation: int) -> bool:
    """Whether a condition is of this generation; one that names none may be."""
    return entry.observed_generation == 0 or entry.observed_generation >= generation
