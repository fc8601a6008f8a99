"""The workloads whose pods a Service would select, where there is no such pod."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from bot.domain.grouping import grouped
from bot.domain.resources import apps, core
from bot.domain.snapshot import Snapshot

Workload = apps.WorkloadObject | apps.DaemonSet

KINDS = (apps.Deployment, apps.StatefulSet, apps.DaemonSet)
"""The kinds that a Service may wait for."""


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


def scaled_to_zero(workloads: Sequence[Workload]) -> bool:
    """Whether somebody wants no pods of any of them, so that there is nothing to look for."""
    return bool(workloads) and not any(map(_wants_pods, workloads))


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
