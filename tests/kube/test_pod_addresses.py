"""Whose connections are of a namespace that reads the metrics."""

from __future__ import annotations

from bot.domain.resources import core
from bot.domain.resources.base import Meta
from bot.kube.pod_addresses import FRESH, PodAddresses


class Watched:
    """Pods as they are now, which counts how often it is asked."""

    def __init__(self, *pods: core.Pod) -> None:
        self.there = pods
        self.asked = 0

    def pods(self) -> tuple[core.Pod, ...]:
        self.asked += 1
        return self.there


def a_pod(
    name: str, namespace: str, *addresses: str, phase: str = "Running", host: bool = False
) -> core.Pod:
    return core.Pod(
        metadata=Meta(name=name, namespace=namespace),
        spec=core.PodSpec(host_network=host),
        status=core.PodStatus(
            phase=phase,
            pod_ip=addresses[0],
            pod_ips=tuple(core.PodIP(ip=address) for address in addresses),
        ),
    )


PODS = (
    a_pod("prometheus", "monitoring", "10.42.0.7", "FD00:42::7"),
    a_pod("web", "tenant", "10.42.0.8"),
    a_pod("node-exporter", "monitoring", "192.168.1.5", host=True),
    a_pod("done", "monitoring", "10.42.0.9", phase="Succeeded"),
    a_pod("new", "monitoring", ""),
)


def test_running_pods_of_the_namespaces_are_known_by_each_of_their_own_addresses():
    """Not a node's address, nor one that a pod had which is over: others have it by now."""
    knows = PodAddresses(Watched(*PODS), ("monitoring",))
    assert knows("10.42.0.7")
    assert knows("fd00:42::7")
    others = ("10.42.0.8", "192.168.1.5", "10.42.0.9", "", "10.42.0.70")
    assert not any(map(knows, others))
    assert not PodAddresses(Watched(*PODS), ())("10.42.0.7")


def test_pods_are_not_read_again_for_each_connection():
    """A pod that was made anew is known some seconds later."""
    watched, now = Watched(), [100.0]
    knows = PodAddresses(watched, ("monitoring",), lambda: now[0])
    for _ in range(100):
        assert not knows("10.42.0.7")
    assert watched.asked == 1
    watched.there = PODS
    now[0] += FRESH
    assert knows("10.42.0.7")
