"""The workloads whose pods a Service would select, and Services that run no pod on purpose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from bot.domain import containers
from bot.domain.grouping import grouped
from bot.domain.resources import apps, core, discovery
from bot.domain.snapshot import Snapshot
from bot.routing import service_endpoints as serving
from bot.routing.service_endpoints import Serving

Workload = apps.WorkloadObject | apps.DaemonSet

KINDS = (apps.Deployment, apps.StatefulSet, apps.DaemonSet)
"""The kinds that a Service may wait for."""

BEHIND = (discovery.EndpointSlice, core.Pod, *KINDS)
"""The kinds that tell whether anything answers for a Service."""

SCALED_TO_ZERO = "ScaledToZero"
"""The reason of a Service without pods that somebody wants so, and of what leads to it."""

MAX_NAMED = 10
"""How many workloads are named."""


def of_service(service: core.Service, snapshot: Snapshot) -> Sequence[Workload]:
    """The workloads of a Service's namespace whose pod templates its selector fits."""
    selector = service.spec.selector or {}
    by_label = snapshot.once("workloads: by label", lambda: grouped(_labelled(snapshot)))
    # Those of its rarest label: the comparison is short even where one label is on all of them.
    fewest = min(
        (by_label.get((service.namespace, *pair), ()) for pair in selector.items()),
        key=len,
        default=(),
    )
    return [
        workload
        for workload in fewest
        if _fits(selector, workload.spec.template.metadata.labels or {})
    ]


def scaled_to_zero(service: core.Service, state: Serving, snapshot: Snapshot) -> str:
    """Which workloads want no pod of a Service that has none; empty where that is not why.

    A pod that has ended is left behind, and says nothing.
    """
    workloads = of_service(service, snapshot)
    if not workloads or any(map(_wants_pods, workloads)) or state != Serving():
        return ""
    if not all(map(containers.has_ended, serving.selected(service, snapshot))):
        return ""
    spread = any(isinstance(workload, apps.DaemonSet) for workload in workloads)
    why = "wants a pod on no node" if spread else "is scaled to 0"
    return f"{named(workloads)} {why}"


def named(workloads: Sequence[Workload]) -> str:
    """The first workloads, by kind and name."""
    return ", ".join(str(workload.ref) for workload in workloads[:MAX_NAMED])


def _wants_pods(workload: Workload) -> bool:
    """A DaemonSet wants none where no node fits it; one that nobody has counted yet may."""
    if isinstance(workload, apps.DaemonSet):
        return workload.status.desired_number_scheduled != 0
    return bool(workload.spec.replicas)


def _labelled(snapshot: Snapshot) -> Iterator[tuple[tuple[str, str, str], Workload]]:
    """Each workload by its namespace and every label of its pods."""
    every: Iterator[Workload] = chain(
        snapshot.of(apps.Deployment), snapshot.of(apps.StatefulSet), snapshot.of(apps.DaemonSet)
    )
    for workload in every:
        for key, value in (workload.spec.template.metadata.labels or {}).items():
            yield (workload.namespace, key, value), workload


def _fits(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return all(labels.get(key) == value for key, value in selector.items())
