"""The pods by which k3s gives a LoadBalancer Service its address (ServiceLB, klipper-lb).

Source: k3s, its cloud provider labels each of these pods with the Service that it serves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.domain import conditions, containers
from bot.domain.grouping import grouped
from bot.domain.resources import core
from bot.domain.snapshot import Snapshot

NAME = "svccontroller.k3s.cattle.io/svcname"
NAMESPACE = "svccontroller.k3s.cattle.io/svcnamespace"

MAX_MESSAGE = 200
"""How much of a pod's own words is repeated."""

ServiceName = tuple[str, str]
"""Namespace and name of a Service."""


def unready_pods(service: core.Service, snapshot: Snapshot) -> Sequence[core.Pod]:
    """The pods of a Service's load balancer that are not ready, in order."""
    by_service = snapshot.once("service load balancer: pods", lambda: grouped(_labelled(snapshot)))
    pods = by_service.get((service.namespace, service.name), ())
    return sorted(
        (pod for pod in pods if not containers.is_ready(pod)), key=lambda pod: pod.metadata.name
    )


def why(unready: Sequence[core.Pod]) -> str:
    """What the first of these pods waits for, in words."""
    pod = unready[0]
    scheduled = conditions.condition(pod.status.conditions, "PodScheduled")
    held = scheduled and scheduled.status == "False" and scheduled.message
    words = f": {held[:MAX_MESSAGE]}" if held else "."
    return f"Its load balancer's pod {pod.name} is not ready{words}"


def _labelled(snapshot: Snapshot) -> Iterator[tuple[ServiceName, core.Pod]]:
    for pod in snapshot.of(core.Pod):
        labels = pod.metadata.labels or {}
        if NAME in labels:
            yield (labels.get(NAMESPACE, pod.namespace), labels[NAME]), pod
