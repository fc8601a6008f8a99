"""The endpoints of a Service: its EndpointSlices merged, and the pods that it selects.

Source: discovery.k8s.io/v1. A nil `ready` means true; `serving` without `ready` is an endpoint that
terminates, and still answers. The elder v1 Endpoints are used where a saved file has nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain import containers
from bot.domain.finding import Ref
from bot.domain.resources import core, discovery
from bot.domain.snapshot import Indexed, Snapshot
from bot.domain.verdict import Verdict

SERVICE_NAME = "kubernetes.io/service-name"
"""The label with which an EndpointSlice names its Service."""

STARTING = timedelta(minutes=5)
"""How long pods that have never failed may take before their Service counts as down."""

BEGINNINGS = frozenset({"", "ContainerCreating", "PodInitializing"})
"""Waiting reasons of a container that has not been tried yet."""


@dataclass(frozen=True, slots=True)
class Serving:
    """How many endpoints are ready and how many drain; `unready` are the addresses of the others.

    `ports` are the names of the ports that ready endpoints serve, or draining ones where none is
    ready. Traefik and kube-proxy find the
    endpoints of a Service's port by that name alone.
    """

    ready: int = 0
    draining: int = 0
    unready: tuple[str, ...] = ()
    ports: frozenset[str] = frozenset()


def ready_endpoints(service: Ref, snapshot: Snapshot) -> Iterator[discovery.Endpoint]:
    """The ready endpoints of a Service, by its slices."""
    slices = snapshot.of(discovery.EndpointSlice).by_label(SERVICE_NAME)
    for slice_ in slices.get((service.namespace, service.name), ()):
        yield from (one for one in slice_.endpoints or () if one.conditions.ready is not False)


def behind(service: core.Service, snapshot: Snapshot) -> Serving | None:
    """The endpoints of a Service, or None where they were not seen."""
    key = (service.namespace, service.name)
    state = snapshot.of(discovery.EndpointSlice).once("endpoints", _by_service).get(key)
    if state:
        return state
    if snapshot.sees(discovery.EndpointSlice, service.namespace):
        return Serving()
    elder = None if snapshot.live else snapshot.get(core.Endpoints, *key)
    return _from_elder(elder) if elder else None


def _by_service(
    slices: Indexed[discovery.EndpointSlice],
) -> dict[tuple[str, str], Serving]:
    """By namespace and name of the Service; thousands of equal states are kept once."""
    states = {key: merged(its) for key, its in slices.by_label(SERVICE_NAME).items()}
    shared = {state: state for state in states.values()}
    return {key: shared[state] for key, state in states.items()}


def merged(slices: Iterable[discovery.EndpointSlice]) -> Serving:
    """What the slices of one Service say together."""
    ready = draining = 0
    unready: list[str] = []
    ports: set[str] = set()
    ports_of_draining: set[str] = set()
    for slice_ in slices:
        before = ready, draining
        for endpoint in slice_.endpoints or ():
            state = endpoint.conditions
            if state.ready is not False:
                ready += 1
            elif state.terminating and state.serving is not False:
                draining += 1
            else:
                unready.append(_named(endpoint))
        names = [port.name or "" for port in slice_.ports or ()]
        ports.update(names if ready > before[0] else ())
        ports_of_draining.update(names if draining > before[1] else ())
    return Serving(
        ready, draining, tuple(unready), frozenset(ports if ready else ports_of_draining)
    )


def selected(service: core.Service, snapshot: Snapshot) -> tuple[core.Pod, ...]:
    """The pods that a Service selects, by the rarest of its labels first, ordered by name."""
    selector = service.spec.selector
    if not selector:
        return ()
    groups = [
        snapshot.of(core.Pod).by_label(label).get((service.namespace, value), [])
        for label, value in selector.items()
        if value
    ]
    rarest = min(groups, key=len, default=snapshot.of(core.Pod))
    chosen = [
        pod
        for pod in rarest
        if pod.namespace == service.namespace
        and selector.items() <= (pod.metadata.labels or {}).items()
    ]
    return tuple(sorted(chosen, key=lambda pod: pod.name))


def without_ready(service: core.Service, state: Serving, snapshot: Snapshot) -> Verdict:
    """How bad it is that a Service has no ready endpoint.

    Terminating ones still answer: degraded. Where all of its pods are young and none has failed
    yet: progressing. Otherwise it is failed.
    """
    if state.draining:
        return Verdict.DEGRADED
    pods = selected(service, snapshot)
    if pods and all(_starts(pod, snapshot.taken_at) for pod in pods):
        return Verdict.PROGRESSING
    return Verdict.FAILED


def names_differ(port: core.ServicePort, state: Serving) -> str:
    """Why a port of a Service that has endpoints finds none of them; empty if it does."""
    if not (state.ready or state.draining) or port.name in state.ports:
        return ""
    have = ", ".join(sorted(filter(None, state.ports)))
    unnamed = "and one without a name" if have else "one without a name"
    others = " ".join(filter(None, (have, unnamed if "" in state.ports else ""))) or "none"
    name = f"is called {port.name}" if port.name else "has no name"
    return (
        f"port {port.port} {name}, and the ports of its endpoints are: {others}. By that "
        "name Traefik and kube-proxy find endpoints, so they find none: give both the same name"
    )


def port_names(ports: Iterable[core.ServicePort]) -> list[str]:
    """Each port by its number and its name, where it has one: `80 http`."""
    return [f"{port.port} {port.name}".strip() for port in ports]


def exposes(pod: core.Pod, port: str) -> bool:
    """Whether a container of the pod has a port of that name."""
    containers = (*pod.spec.containers, *pod.spec.init_containers)
    return any(
        container_port.name == port
        for container in containers
        for container_port in container.ports or ()
    )


def _starts(pod: core.Pod, now: datetime) -> bool:
    """Whether a pod is young, not ready, and nothing of it has failed yet."""
    created = pod.metadata.creation_timestamp
    statuses = (*pod.status.init_container_statuses, *pod.status.container_statuses)
    return (
        created is not None
        and now - created <= STARTING
        and not containers.is_ready(pod)
        and pod.status.phase in ("Pending", "Running")
        and pod.metadata.deletion_timestamp is None
        and not any(status.restart_count or _failed(status.state) for status in statuses)
    )


def _failed(state: core.ContainerState) -> bool:
    if state.terminated:
        return state.terminated.exit_code != 0
    return state.waiting is not None and state.waiting.reason not in BEGINNINGS


def _named(endpoint: discovery.Endpoint | core.EndpointAddress) -> str:
    addresses = (
        ", ".join(endpoint.addresses) if isinstance(endpoint, discovery.Endpoint) else endpoint.ip
    )
    target = endpoint.target_ref
    return f"{addresses} ({target.kind} {target.name})" if target and target.name else addresses


def _from_elder(endpoints: core.Endpoints) -> Serving:
    subsets = endpoints.subsets or ()
    ready = [address for subset in subsets for address in subset.addresses or ()]
    unready = [address for subset in subsets for address in subset.not_ready_addresses or ()]
    ports = (port.name for subset in subsets if subset.addresses for port in subset.ports or ())
    return Serving(len(ready), unready=tuple(map(_named, unready)), ports=frozenset(ports))
