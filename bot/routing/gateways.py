"""The Gateways that an HTTPRoute names: which are Traefik's, and whether they take it.

Source: the Gateway API's specification, and Traefik's provider kubernetesgateway, v3.1 to v3.6. It
writes a status for every parent of a route that has one of its own, also for those of others, so a
status alone does not tell whose a Gateway is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from msgspec import structs

from bot.domain import conditions
from bot.domain.finding import Ref
from bot.domain.grouping import grouped
from bot.domain.resources.base import Condition
from bot.domain.resources.gateway import (
    GROUP,
    Gateway,
    GatewayClass,
    GatewayListener,
    HTTPRoute,
    ParentReference,
    ReferenceGrant,
    RouteParentStatus,
)
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.routing import secrets
from bot.routing.references import NOTHING_ANSWERS, Defect

CONTROLLER = "traefik.io/gateway-controller"
CORE = "core"
"""How Traefik writes the core group in a reference, beside the empty name."""

ACCEPTED, RESOLVED = "Accepted", "ResolvedRefs"

NOT_ACCEPTED = {
    "NoMatchingParent": "no listener takes it: see the status of the Gateway's listeners",
    "NotAllowedByListeners": "allowedRoutes of its listeners leave out its namespace or kind",
    "NoMatchingListenerHostname": "no hostname of the route fits a listener's",
}
"""What Traefik means by a reason that it writes without a message."""

MOST = 5
"""How many names a message holds."""

PARENTS, LISTENERS, HOSTNAMES = 32, 64, 16
"""How many the API server allows of each; a saved file may hold any number."""


@dataclass(frozen=True, slots=True)
class Parent:
    """A Gateway that is Traefik's; where `defect` says so, it is nobody's, or nobody knows whose.

    gateway: None where it was not read.
    status: What Traefik says of the route there.
    """

    reference: ParentReference
    gateway: Gateway | None = None
    defect: Defect | None = None
    status: RouteParentStatus | None = None

    @property
    def listeners(self) -> tuple[GatewayListener, ...]:
        """The listeners that the reference means."""
        section, port = self.reference.section_name, self.reference.port
        return tuple(
            listener
            for listener in _listeners(self.gateway)
            if section in ("", listener.name) and port in (None, listener.port)
        )


def _listeners(gateway: Gateway | None) -> tuple[GatewayListener, ...]:
    return ((gateway.spec.listeners if gateway else None) or ())[:LISTENERS]


def named_hosts(route: HTTPRoute) -> tuple[str, ...]:
    """The hostnames of a route; an empty one where it names none."""
    return (route.spec.hostnames or ())[:HOSTNAMES] or ("",)


def parents(route: HTTPRoute, snapshot: Snapshot) -> tuple[Parent, ...]:
    """The parents of a route, without those of other controllers."""
    every = (
        _parent(reference, route, snapshot)
        for reference in dict.fromkeys((route.spec.parent_refs or ())[:PARENTS])
        if (reference.group, reference.kind) == (GROUP, "Gateway")
    )
    return tuple(filter(None, every))


def _parent(reference: ParentReference, route: HTTPRoute, snapshot: Snapshot) -> Parent | None:
    here = reference.namespace or route.namespace
    statuses = {
        status.controller_name: status
        for status in (route.status.parents or ())[:PARENTS]
        if _key(status.parent_ref, route) == _key(reference, route)
    }
    status = statuses.get(CONTROLLER)
    gateway = snapshot.get(Gateway, here, reference.name)
    name = gateway.spec.gateway_class_name if gateway else ""
    if class_ := snapshot.get(GatewayClass, "", name) if gateway else None:
        is_its = class_.spec.controller_name == CONTROLLER
        return Parent(reference, gateway, status=status) if is_its else None
    if statuses.keys() - {CONTROLLER}:
        return None
    if gateway:
        seen = snapshot.sees(GatewayClass)
        missing = Defect(
            "GatewayClassNotFound", f"{gateway.ref} names GatewayClass {name}, which is not there."
        )
    else:
        seen = snapshot.sees(Gateway, here)
        missing = Defect("GatewayNotFound", f"Gateway {here}/{reference.name} does not exist.")
    if seen:
        return Parent(reference, gateway, missing) if _may_be_its(snapshot) else None
    unseen = f"Whose Gateway {here}/{reference.name} is was not seen."
    defect = None if status else Defect("ReferenceNotSeen", unseen, Verdict.UNKNOWN)
    return Parent(reference, gateway, defect, status)


def _may_be_its(snapshot: Snapshot) -> bool:
    """Whether what leads nowhere may be meant for Traefik: not where only others have classes."""
    classes = snapshot.of(GatewayClass)
    return not classes or any(class_.spec.controller_name == CONTROLLER for class_ in classes)


def _key(reference: ParentReference, route: HTTPRoute) -> ParentReference:
    return structs.replace(reference, namespace=reference.namespace or route.namespace)


def hostnames(route: HTTPRoute, known: tuple[Parent, ...]) -> tuple[str, ...]:
    """The hosts that Traefik serves it by: its own where a listener takes them, or a listener's.

    An empty one stands for every host.
    """
    own = named_hosts(route)
    listeners = [listener for parent in known for listener in parent.listeners]
    if not listeners:
        return own
    both = (intersection(listener.hostname, name) for listener in listeners for name in own)
    return tuple(dict.fromkeys(name for name in both if name is not None)) or own


def intersection(one: str, other: str) -> str | None:
    """The narrower of two hostnames that fit each other; None where they do not.

    An empty one fits all, and `*.` any labels before the rest.
    """
    for wide, narrow in ((one.casefold(), other.casefold()), (other.casefold(), one.casefold())):
        if not wide or wide == narrow or (wide.startswith("*.") and narrow.endswith(wide[1:])):
            return narrow
    return None


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
            f"{listener.name} ({listener.port})" for listener in _listeners(gateway)[:MOST]
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
    # Traefik takes the first certificate and no other.
    for reference in ((listener.tls.certificate_refs if listener.tls else None) or ())[:1]:
        place = reference.namespace or gateway.namespace, reference.name
        secret = Ref("Secret", *place)
        if reference.kind != "Secret":
            continue
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
        message = f"Traefik has not said whether it takes the route at {name}."
        yield Defect("NoStatus", message, Verdict.PROGRESSING if young else Verdict.UNKNOWN)
    elif entry.status != "True":
        reason = entry.reason or entry.type
        why = entry.message or NOT_ACCEPTED.get(reason, "it says no more")
        yield Defect(reason, f"Traefik does not take it at {name}: {reason}, {why}.")


def current(parent: Parent, route: HTTPRoute, type_: str) -> Condition | None:
    """What Traefik says of the route as it is now, by a condition."""
    entry = conditions.condition(parent.status.conditions, type_) if parent.status else None
    return entry if entry and is_current(entry, route.metadata.generation) else None


def is_current(entry: Condition, generation: int) -> bool:
    """Whether a condition is of this generation; one that names none may be."""
    return entry.observed_generation == 0 or entry.observed_generation >= generation


def not_granted(of: Ref, group: str, to: Ref, snapshot: Snapshot) -> Defect | None:
    """A reference to another namespace that no ReferenceGrant there allows; `group` is of `to`."""
    if of.namespace == to.namespace:
        return None
    for grant in _grants(snapshot).get(to.namespace, ()):
        allows = any(
            (source.group, source.kind, source.namespace) == (GROUP, of.kind, of.namespace)
            for source in grant.spec.from_ or ()
        )
        if allows and any(
            (plain_group(target.group), target.kind) == (plain_group(group), to.kind)
            and target.name in ("", to.name)
            for target in grant.spec.to or ()
        ):
            return None
    if not snapshot.sees(ReferenceGrant, to.namespace):
        if not snapshot.live:
            return None
        return Defect("ReferenceNotSeen", f"{to}: ReferenceGrants were not seen.", Verdict.UNKNOWN)
    message = (
        f"{to} is in another namespace, and no ReferenceGrant in {to.namespace} allows "
        f"{of.kind}s of {of.namespace} to refer to it."
    )
    return Defect("RefNotPermitted", message)


def plain_group(group: str) -> str:
    """A group, the core group always by its empty name."""
    return "" if group == CORE else group


def _grants(snapshot: Snapshot) -> dict[str, list[ReferenceGrant]]:
    return snapshot.once(
        "routing.grants",
        lambda: grouped((grant.namespace, grant) for grant in snapshot.of(ReferenceGrant)),
    )
