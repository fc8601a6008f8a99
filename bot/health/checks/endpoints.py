"""Services without a ready endpoint. Source: EndpointSlice, discovery.k8s.io/v1.

Kubernetes does not manage the endpoints of a Service without a selector, or of type ExternalName.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from bot.domain import conditions, containers
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Evidence, Judgement, Ref
from bot.domain.resources import core, discovery, flux
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health import flux_rules, known_names, service_lb
from bot.routing import selected_workloads
from bot.routing import service_endpoints as serving
from bot.routing.service_endpoints import Serving

MAX_NAMED = 10
"""How many addresses are named; the others are counted."""

LEADER = "control-plane.alpha.kubernetes.io/leader"
"""The annotation of an Endpoints object that is only used for leader election."""


def judge(service: core.Service, snapshot: Snapshot) -> Judgement:
    """No ready endpoint is failed; only terminating ones, or a port that none has, degraded."""
    spec = service.spec
    now = snapshot.taken_at
    if spec.type == "ExternalName":
        return _refused(service, now) or HEALTHY
    pending = (
        conditions.terminating(service, now)
        or _without_address(service, snapshot)
        or _refused(service, now)
    )
    state = serving.behind(service, snapshot)
    if not spec.selector and (state is None or state == Serving()):
        return pending or HEALTHY
    if state is None:
        return _not_seen(service, pending, snapshot) if snapshot.live else pending or HEALTHY
    if state.ready:
        return _without_port(service, state, snapshot) or pending or HEALTHY
    return _unserved(service, state, snapshot)


def judge_endpoints(endpoints: core.Endpoints, _: Snapshot) -> Judgement:
    """Degraded at most: it does not say whether its Service is meant to have any address."""
    subsets = endpoints.subsets or ()
    elects = LEADER in (endpoints.metadata.annotations or {})
    if elects or any(subset.addresses for subset in subsets):
        return HEALTHY
    if any(subset.not_ready_addresses for subset in subsets):
        return Judgement(Verdict.DEGRADED, "NotReady", "None of its addresses is ready.")
    return Judgement(Verdict.DEGRADED, "NoAddresses", "It has no addresses.")


def _without_address(service: core.Service, snapshot: Snapshot) -> Judgement | None:
    if service.spec.type != "LoadBalancer" or service.status.load_balancer.ingress:
        return None
    message, since = "No load balancer has given it an address.", service.metadata
    if said := next(_refusals(service), ""):
        message = f"{message} {said}"
    unready = service_lb.unready_pods(service, snapshot)
    made = [pod.metadata.creation_timestamp for pod in unready]
    # An effect does not outrank its cause: new pods are given their time.
    waited_since = max(filter(None, made), default=since.creation_timestamp)
    judgement = conditions.progressing("NoAddress", message, waited_since, snapshot.taken_at)
    if not unready:
        return judgement
    # The Service does not say when it became a LoadBalancer: its age is no order of cause and
    # effect.
    return msgspec.structs.replace(
        judgement,
        message=f"{message} {service_lb.why(unready)}",
        since=None,
        follows=tuple(pod.ref for pod in unready),
    )


def _refused(service: core.Service, now: datetime) -> Judgement | None:
    """What another controller does for it is not ready, such as the proxy of Tailscale's operator.

    Its pods may be reached inside the cluster all the same.
    """
    for condition in service.status.conditions:
        if condition.type.endswith("Ready") and condition.status == "False":
            return conditions.progressing_by(condition, condition.type, now)
    return None


def _refusals(service: core.Service) -> Iterator[str]:
    """What the controller of its load balancer says of it, as Tailscale's operator does."""
    for condition in service.status.conditions:
        if condition.status == "False" and condition.message:
            yield condition.message


def _not_seen(service: core.Service, pending: Judgement | None, snapshot: Snapshot) -> Judgement:
    """Reported once for the Services of a namespace, which follow from the first."""
    if pending and pending.verdict.rank > Verdict.UNKNOWN.rank:
        return pending
    message = "Its EndpointSlices were not seen, so it is unknown whether it has endpoints."
    firsts = snapshot.once("endpoints: the first of each namespace", lambda: _firsts(snapshot))
    first = firsts.get(service.namespace, service.ref)
    return Judgement(
        Verdict.UNKNOWN,
        "EndpointSlicesNotSeen",
        message,
        follows=(first,) if first != service.ref else (),
    )


def _firsts(snapshot: Snapshot) -> dict[str, Ref]:
    """The first Service by name, in each namespace, of those that need endpoints."""
    needing = sorted(
        service.ref
        for service in snapshot.of(core.Service)
        if service.spec.selector and service.spec.type != "ExternalName"
    )
    return {ref.namespace: ref for ref in reversed(needing)}


def _without_port(service: core.Service, state: Serving, snapshot: Snapshot) -> Judgement | None:
    """Ready endpoints, but none that the port finds: by `targetPort`, or by the port's own name."""
    ports = service.spec.ports or ()
    unserved = [port for port in ports if port.name not in state.ports]
    if not unserved:
        return None
    pods = serving.selected(service, snapshot)
    lacking = _unexposed(unserved, pods)
    if not lacking:
        # Without the pods, nobody knows whether they have a target port of that name.
        by_pods = bool(service.spec.selector) and not pods
        differ = [p for p in unserved if not (by_pods and isinstance(p.target_port, str))]
        return _names_differ(service, differ, state)
    return Judgement(
        Verdict.FAILED if len(lacking) == len(ports) else Verdict.DEGRADED,
        "TargetPortNotExposed",
        "No container of its pods has a port named " + ", ".join(lacking) + ".",
        evidence=(Evidence("ports of its pods", _exposed(pods)),),
        follows=flux_rules.owners(service),
    )


def _names_differ(
    service: core.Service, unserved: list[core.ServicePort], state: Serving
) -> Judgement | None:
    """Slices that somebody wrote by other names; a headless Service has no use for the names."""
    if not unserved or service.spec.cluster_ip == "None":
        return None
    whole = len(unserved) == len(service.spec.ports or ())
    why = "; ".join(serving.names_differ(port, state) for port in unserved)
    return Judgement(
        Verdict.FAILED if whole else Verdict.DEGRADED,
        "PortNamesDiffer",
        f"Its {why}.",
        follows=flux_rules.owners(service),
    )


def _unexposed(ports: Iterable[core.ServicePort], pods: tuple[core.Pod, ...]) -> list[str]:
    """The target ports by name that no container of the pods has; none where there is no pod."""
    names = (port.target_port for port in ports if pods and isinstance(port.target_port, str))
    return [name for name in names if not any(serving.exposes(pod, name) for pod in pods)]


def _unserved(service: core.Service, state: Serving, snapshot: Snapshot) -> Judgement:
    if why := selected_workloads.scaled_to_zero(service, state, snapshot):
        message = f"None of its pods runs: {why}."
        return Judgement(Verdict.SUSPENDED, selected_workloads.SCALED_TO_ZERO, message)
    selected = serving.selected(service, snapshot)
    # A pod that was evicted is left behind, and explains nothing while others are there.
    pods = tuple(pod for pod in selected if not containers.has_ended(pod))
    pods = pods or selected
    unready = [pod for pod in pods if not containers.is_ready(pod)]
    if not pods and (judgement := _by_its_workloads(service, state, snapshot)):
        return judgement
    reason, message = "NoReadyEndpoints", "No pod that it selects is ready."
    if state.draining:
        reason = "OnlyTerminating"
        message = f"Its last {state.draining} endpoints are terminating."
    elif not service.spec.selector:
        message = "None of the addresses in its EndpointSlices is ready."
    elif not pods and not state.unready and snapshot.sees(core.Pod):
        reason, message = "NoPods", "Its selector matches no pod."
    elif pods and not unready:
        message = "Its pods are ready, but none of them is one of its endpoints."
    return Judgement(
        serving.without_ready(service, state, snapshot),
        reason,
        message,
        since=_since(unready) if len(unready) == len(pods) else None,
        evidence=tuple(_evidence(service, state, pods, len(unready))),
        follows=tuple(pod.ref for pod in unready) if pods else flux_rules.owners(service),
    )


def _by_its_workloads(
    service: core.Service, state: Serving, snapshot: Snapshot
) -> Judgement | None:
    """No pod is there, since what should make them makes none."""
    workloads = selected_workloads.of_service(service, snapshot)
    if not workloads or state.unready or state.draining:
        return None
    return Judgement(
        serving.without_ready(service, state, snapshot),
        "NoPods",
        f"Its selector matches no pod: {selected_workloads.named(workloads)} has created none.",
        evidence=tuple(_evidence(service, state, (), 0)),
        follows=tuple(workload.ref for workload in workloads),
    )


def _since(unready: Iterable[core.Pod]) -> datetime | None:
    """When the last of the pods ceased to be ready."""
    ready = (conditions.condition(pod.status.conditions, "Ready") for pod in unready)
    times = (condition.last_transition_time for condition in ready if condition)
    return max(filter(None, times), default=None)


def _evidence(
    service: core.Service, state: Serving, pods: tuple[core.Pod, ...], unready: int
) -> Iterator[Evidence]:
    selector = service.spec.selector or {}
    if selector:
        yield Evidence("selector", ",".join(f"{key}={value}" for key, value in selector.items()))
        yield Evidence("pods", f"{len(pods)} selected, {len(pods) - unready} ready")
    if state.unready:
        more = len(state.unready) - MAX_NAMED
        named = ", ".join(state.unready[:MAX_NAMED])
        yield Evidence("not ready", named + (f" and {more} more" if more > 0 else ""))
    if lacking := _unexposed(service.spec.ports or (), pods):
        yield Evidence("target ports that no container has", ", ".join(lacking))


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
    advice="Compare its selector and target ports with the pods, and check why they are not ready.",
    needs=(discovery.EndpointSlice,),
    refers_to=(core.Pod, *selected_workloads.KINDS, flux.HelmRelease, flux.Kustomization),
)

ENDPOINTS_CHECK = Check(
    name="endpoints-elder",
    title="Endpoints objects without an address.",
    judges={core.Endpoints: judge_endpoints},
    documented_as="kubectl get endpoints -A",
    advice="Find out why the pods of the Service of that name are not ready.",
    known_as=known_names.service,
)
