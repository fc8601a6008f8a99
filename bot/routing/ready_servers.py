"""Since when the servers of a route have been ready: what failed before tells nothing of them now.

Source: a pod's condition Ready, by which its endpoint is ready. It has the kubelet's clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from bot.domain import conditions
from bot.domain.finding import Ref
from bot.domain.resources import core
from bot.domain.snapshot import Snapshot
from bot.routing.addresses import AddressKind, classify
from bot.routing.candidates import candidates_of
from bot.routing.service_endpoints import ready_endpoints

GONE = frozenset({AddressKind.POD_NETWORK, AddressKind.ELSEWHERE})
"""What an address is that no endpoint has any more."""

Choose = Callable[[Iterable[datetime]], datetime]


def ready_since(route: Ref, address: str, snapshot: Snapshot) -> datetime | None:
    """Since when the servers have been ready that a request to that address may mean now.

    Where a pod has the address, that one. Where none has it any more, the latest pod of each
    Service of the route: one came in its place. Else all pods of that VIP, or of the route. None
    where one of them is not ready, is no pod, or was not seen.
    """
    place = classify(snapshot, address)
    if place.kind is AddressKind.POD:
        applies = place.ready and place.port_served and _selects(place.service, snapshot)
        return _of_pod(place.pod, snapshot) if applies else None
    gone = place.kind in GONE and not place.unseen
    if place.kind is AddressKind.VIP:
        services: Iterable[Ref] = place.services
    elif gone or not address:
        services = _services(route, snapshot)
    else:
        return None
    ready = (_of_service(service, snapshot) for service in services)
    return _chosen(min, [_chosen(max if gone else min, times) for times in ready])


def _chosen(choose: Choose, times: Iterable[datetime | None]) -> datetime | None:
    """The earliest or latest, where there are some and all are known."""
    told = tuple(times)
    known = [time for time in told if time is not None]
    return choose(known) if known and len(known) == len(told) else None


def _services(route: Ref, snapshot: Snapshot) -> Iterable[Ref]:
    """The Services of all rules; none where it leads to something else, too."""
    own = candidates_of(route, snapshot)
    indirect = any(candidate.indirect for candidate in own)
    return () if indirect else dict.fromkeys(candidate.to for candidate in own)


def _of_service(ref: Ref, snapshot: Snapshot) -> Iterator[datetime | None]:
    """Of each ready endpoint; None where a Service has none, or others than pods."""
    ready = list(ready_endpoints(ref, snapshot))
    if not ready or not _selects(ref, snapshot):
        yield None
    for endpoint in ready:
        target = endpoint.target_ref
        is_pod = target and target.kind == "Pod"
        yield _of_pod(target.ref(ref.namespace), snapshot) if target and is_pod else None


def _selects(ref: Ref | None, snapshot: Snapshot) -> bool:
    """Whether a Service selects its pods, so that their readiness makes its endpoints."""
    service = snapshot.get(core.Service, ref.namespace, ref.name) if ref else None
    return bool(service and service.spec.selector)


def _of_pod(ref: Ref | None, snapshot: Snapshot) -> datetime | None:
    pod = snapshot.get(core.Pod, ref.namespace, ref.name) if ref else None
    ready = conditions.is_true(pod.status.conditions, "Ready") if pod else None
    return ready.last_transition_time if ready else None
