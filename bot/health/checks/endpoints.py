"""Services that nobody answers for. Source: EndpointSlice, discovery.k8s.io/v1.

A Service without a selector, or of type ExternalName, has endpoints of somebody else's making.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot.domain import conditions, containers, flux
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Evidence, Judgement, Ref
from bot.domain.resources import core, discovery
from bot.domain.resources.flux import HelmRelease, Kustomization
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.routing import service_endpoints as serving
from bot.routing.service_endpoints import Serving

MAX_NAMED = 10
"""How many addresses are named before the rest is counted."""

LEADER = "control-plane.alpha.kubernetes.io/leader"
"""The annotation of an Endpoints object that only elects a leader, and has no addresses."""


def judge(service: core.Service, snapshot: Snapshot) -> Judgement:
    """No ready endpoint is failed; only terminating ones, or a port that none has, degraded."""
    spec = service.spec
    if spec.type == "ExternalName":
        return HEALTHY
    now = snapshot.taken_at
    pending = conditions.terminating(service.metadata, now) or _without_address(service, now)
    if not spec.selector:
        return pending or HEALTHY
    state = serving.behind(service, snapshot)
    if state is None:
        return _not_seen(service, pending, snapshot) if snapshot.live else pending or HEALTHY
    if state.ready:
        return _without_port(service, state, snapshot) or pending or HEALTHY
    return _unserved(service, state, snapshot)


def judge_elder(endpoints: core.Endpoints, _: Snapshot) -> Judgement:
    """An Endpoints object alone: it does not say whether its Service is meant to have any."""
    if LEADER in (endpoints.metadata.annotations or {}):
        return HEALTHY
    subsets = endpoints.subsets or ()
    if any(subset.addresses for subset in subsets):
        return HEALTHY
    unready = any(subset.not_ready_addresses for subset in subsets)
    message = "None of its addresses is ready." if unready else "It has no addresses."
    reason = "NotReady" if unready else "NoAddresses"
    return Judgement(verdict=Verdict.DEGRADED, reason=reason, message=message)


def _without_address(service: core.Service, now: datetime) -> Judgement | None:
    if service.spec.type != "LoadBalancer" or service.status.load_balancer.ingress:
        return None
    message = "No load balancer has given it an address."
    return conditions.progressing("NoAddress", message, service.metadata.creation_timestamp, now)


def _not_seen(service: core.Service, pending: Judgement | None, snapshot: Snapshot) -> Judgement:
    """Said once for the Services of a namespace, which follow from the first."""
    if pending and pending.verdict.rank > Verdict.UNKNOWN.rank:
        return pending
    message = "Its EndpointSlices were not seen, so nobody knows whether it is served."
    first = snapshot.once("endpoints: the first of each namespace", lambda: _firsts(snapshot))
    leader = first.get(service.namespace, service.name)
    return Judgement(
        verdict=Verdict.UNKNOWN,
        reason="EndpointSlicesNotSeen",
        message=message,
        follows=(Ref("Service", service.namespace, leader),) if leader != service.name else (),
    )


def _firsts(snapshot: Snapshot) -> dict[str, str]:
    """The first Service by name, in each namespace, of those that need endpoints."""
    named = sorted(
        (service.namespace, service.name)
        for service in snapshot.of(core.Service)
        if service.spec.selector and service.spec.type != "ExternalName"
    )
    return dict(reversed(named))


def _without_port(service: core.Service, state: Serving, snapshot: Snapshot) -> Judgement | None:
    """Ready endpoints, but a `targetPort` by a name that no container of the pods has."""
    ports = service.spec.ports or ()
    unserved = tuple(port for port in ports if port.name not in state.ports)
    if not _named(unserved):
        return None
    pods = serving.selected(service, snapshot)
    lacking = _unexposed(unserved, pods)
    if not lacking:
        return None
    return Judgement(
        verdict=Verdict.FAILED if len(lacking) == len(ports) else Verdict.DEGRADED,
        reason="TargetPortNotExposed",
        message="No container of its pods has a port named " + ", ".join(lacking) + ".",
        evidence=(Evidence("ports of its pods", _exposed(pods)),),
        follows=flux.owners(service),
    )


def _named(ports: Iterable[core.ServicePort]) -> list[str]:
    return [port.target_port for port in ports if isinstance(port.target_port, str)]


def _unexposed(ports: Iterable[core.ServicePort], pods: tuple[core.Pod, ...]) -> list[str]:
    """The target ports by name that no container of the pods has; none where there is no pod."""
    names = _named(ports) if pods else []
    return [name for name in names if not any(serving.exposes(pod, name) for pod in pods)]


def _unserved(service: core.Service, state: Serving, snapshot: Snapshot) -> Judgement:
    pods = serving.selected(service, snapshot)
    unready = tuple(pod for pod in pods if not containers.is_ready(pod))
    reason, message = _why(state, pods, unready, snapshot)
    return Judgement(
        verdict=serving.without_ready(service, state, snapshot),
        reason=reason,
        message=message,
        since=_since(unready) if len(unready) == len(pods) else None,
        evidence=(*_selection(service, pods, unready), *_addresses(state), *_ports(service, pods)),
        follows=_refs(unready) if pods else flux.owners(service),
    )


def _why(
    state: Serving,
    pods: tuple[core.Pod, ...],
    unready: tuple[core.Pod, ...],
    snapshot: Snapshot,
) -> tuple[str, str]:
    if state.draining:
        return "OnlyTerminating", f"Its last {state.draining} endpoints are terminating."
    if not pods and not state.unready and snapshot.sees(core.Pod):
        return "NoPods", "Its selector matches no pod."
    if pods and not unready:
        return "NoReadyEndpoints", "Its pods are ready, but none of them is an endpoint of it."
    return "NoReadyEndpoints", "No pod that it selects is ready."


def _since(unready: Iterable[core.Pod]) -> datetime | None:
    """When the last of the pods ceased to be ready."""
    ready = (conditions.condition(pod.status.conditions, "Ready") for pod in unready)
    times = [
        condition.last_transition_time
        for condition in ready
        if condition and condition.last_transition_time
    ]
    return max(times, default=None)


def _refs(pods: Iterable[core.Pod]) -> tuple[Ref, ...]:
    return tuple(Ref("Pod", pod.namespace, pod.name) for pod in pods)


def _selection(
    service: core.Service, pods: tuple[core.Pod, ...], unready: tuple[core.Pod, ...]
) -> tuple[Evidence, ...]:
    labels = ",".join(f"{key}={value}" for key, value in (service.spec.selector or {}).items())
    count = f"{len(pods)} selected, {len(pods) - len(unready)} ready"
    return Evidence("selector", labels), Evidence("pods", count)


def _addresses(state: Serving) -> tuple[Evidence, ...]:
    named = ", ".join(state.unready[:MAX_NAMED])
    more = len(state.unready) - MAX_NAMED
    return (Evidence("not ready", named + (f" and {more} more" if more > 0 else "")),) * bool(named)


def _ports(service: core.Service, pods: tuple[core.Pod, ...]) -> tuple[Evidence, ...]:
    lacking = _unexposed(service.spec.ports or (), pods)
    return (Evidence("target ports that no container has", ", ".join(lacking)),) * bool(lacking)


def _exposed(pods: Iterable[core.Pod]) -> str:
    ports = {
        port.name or str(port.container_port)
        for pod in pods
        for container in pod.spec.containers
        for port in container.ports or ()
    }
    return ", ".join(sorted(ports)) or "none"


CHECK = Check(
    name="endpoints",
    scope="endpoints",
    title="Services without a ready endpoint.",
    judges={core.Service: judge},
    documented_as="kubectl get endpoints -A",
    advice="Compare its selector and target ports with the pods, and see why those are not ready.",
    needs=(discovery.EndpointSlice,),
    refers_to=(core.Pod, HelmRelease, Kustomization),
)

ELDER = Check(
    name="endpoints-elder",
    title="Endpoints objects without an address.",
    judges={core.Endpoints: judge_elder},
    documented_as="kubectl get endpoints -A",
    advice="See why the pods of the Service of that name are not ready.",
)
