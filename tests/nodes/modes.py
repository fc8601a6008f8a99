"""By what the nodes are tested: pods on demand, agents, or both."""

from __future__ import annotations

import json
from collections.abc import Sequence
from types import MappingProxyType

from tests.nodes.kubectl import get, kubectl, node_names, wait_until

LABEL = "app.kubernetes.io/name=meshmedic-probe"
"""The agents' label."""

JOBS, AGENTS, MIXED = "jobs", "agents", "mixed"

TESTED_BY = MappingProxyType(
    {
        JOBS: "tested by pods on demand on",
        AGENTS: "tested by agents",
        MIXED: "tested by agents, and pods on demand on n2",
    }
)
"""What the last line of an answer says."""


def with_agents(mode: str) -> Sequence[str]:
    """The nodes that have an agent: none, all, or every second one."""
    return () if mode == JOBS else node_names()[:: 2 if mode == MIXED else 1]


def switch_to(mode: str) -> None:
    """Keep the agents to some nodes, and wait until they are ready there."""
    chosen_nodes = with_agents(mode)
    nodes = list(chosen_nodes) or ["none"]
    key = "kubernetes.io/hostname"
    expression = {"key": key, "operator": "In", "values": nodes}
    required = {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
    chosen = "requiredDuringSchedulingIgnoredDuringExecution"
    affinity = {"nodeAffinity": {chosen: required}}
    patch = {"spec": {"template": {"spec": {"affinity": affinity}}}}
    daemonset = ("-n", "meshmedic-probe", "daemonset/meshmedic-probe")
    kubectl("patch", *daemonset, "--type=merge", "-p", json.dumps(patch))
    wait_until(f"the agents are on {nodes}", lambda: _settled(len(chosen_nodes)), 120)


def _settled(count: int) -> bool:
    daemonset = get("-n", "meshmedic-probe", "daemonset", "meshmedic-probe")
    status = daemonset["status"]
    pods = get("-n", "meshmedic-probe", "pods", "-l", LABEL)
    return (
        status.get("observedGeneration") == daemonset["metadata"]["generation"]
        and status["desiredNumberScheduled"] == status.get("numberReady", 0) == count
        and status.get("updatedNumberScheduled", 0) == count
        and len(pods["items"]) == count
    )
