"""Nodes: ready, without pressure, heard from, schedulable, and of one version.

Source: Kubernetes node status; a kubelet posts its status at least every five minutes, and a
cordoned node is somebody's intention, which is never taken for health.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Evidence, Judgement
from bot.domain.resources import core
from bot.domain.resources.base import Condition
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict

PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")

TROUBLES = re.compile(
    r"KernelDeadlock|ReadonlyFilesystem|CorruptDockerOverlay2|Frequent\w+"
    r"|(?:Kubelet|ContainerRuntime)Unhealthy|\w+Problem"
)
"""The conditions of node-problem-detector that are bad when they are true."""

SILENCE = timedelta(minutes=12)
"""Two missed status posts of five minutes each, and some clock skew."""

FLANNEL_IP = "flannel.alpha.coreos.com/public-ip"


def judge(node: core.Node, snapshot: Snapshot) -> Judgement:
    """A node's verdict: not Ready is failed, everything else that is wrong is degraded."""
    ready = conditions.condition(node.status.conditions, "Ready")
    if ready is None:
        return Judgement(
            verdict=Verdict.UNKNOWN, reason="NoStatus", message="No Ready condition is reported."
        )
    if ready.status != "True":
        return _not_ready(ready)
    return (
        _under_pressure(node)
        or _silent(ready, snapshot)
        or _wrong_address(node)
        or _skewed(node, snapshot)
        or _cordoned(node)
        or HEALTHY
    )


def _not_ready(ready: Condition) -> Judgement:
    heard = ready.last_heartbeat_time
    evidence = (Evidence("last heartbeat", heard.isoformat()),) if heard else ()
    return Judgement(
        verdict=Verdict.FAILED,
        reason=ready.reason or "NotReady",
        message=ready.message or "The node is not ready.",
        since=ready.last_transition_time,
        evidence=evidence,
    )


def _under_pressure(node: core.Node) -> Judgement | None:
    kept = node.status.conditions
    pressed = [found for type_ in PRESSURES if (found := conditions.is_true(kept, type_))]
    pressed += [
        condition
        for condition in kept
        if condition.status == "True" and TROUBLES.fullmatch(condition.type)
    ]
    if not pressed:
        return None
    return Judgement(
        verdict=Verdict.DEGRADED,
        reason=pressed[0].type,
        message=pressed[0].message,
        since=pressed[0].last_transition_time,
        evidence=tuple(Evidence(condition.type, condition.message) for condition in pressed[1:]),
    )


def _silent(ready: Condition, snapshot: Snapshot) -> Judgement | None:
    heard = ready.last_heartbeat_time
    if not snapshot.hears or heard is None or snapshot.taken_at - heard <= SILENCE:
        return None
    return Judgement(
        verdict=Verdict.UNKNOWN,
        reason="KubeletSilent",
        message="Ready, but its kubelet has not posted a status since; nobody marked it.",
        since=heard,
    )


def _cordoned(node: core.Node) -> Judgement | None:
    if not node.spec.unschedulable:
        return None
    return Judgement(
        verdict=Verdict.SUSPENDED,
        reason="SchedulingDisabled",
        message="The node is cordoned: no new pod is placed on it.",
    )


def _wrong_address(node: core.Node) -> Judgement | None:
    """Flannel must announce the address by which the other nodes reach this one."""
    announced = (node.metadata.annotations or {}).get(FLANNEL_IP)
    own = [address.address for address in node.status.addresses if address.type == "InternalIP"]
    external = [
        address.address for address in node.status.addresses if address.type == "ExternalIP"
    ]
    if not announced or not own or announced in own or announced in external:
        return None
    return Judgement(
        verdict=Verdict.DEGRADED,
        reason="FlannelAddressDiffers",
        message="Flannel announces an address that is none of the node's own.",
        evidence=(Evidence("announced", announced), Evidence("InternalIP", ", ".join(own))),
    )


def _skewed(node: core.Node, snapshot: Snapshot) -> Judgement | None:
    """A kubelet may be up to three minor versions behind the newest, never ahead of the server."""
    mine, newest = _minor(node), max(map(_minor, snapshot.of(core.Node)), default=0)
    if not mine or newest - mine <= MAX_SKEW:
        return None
    common = Counter(node.status.node_info.kubelet_version for node in snapshot.of(core.Node))
    return Judgement(
        verdict=Verdict.DEGRADED,
        reason="VersionSkew",
        message=f"Its kubelet is {newest - mine} minor versions behind the newest node.",
        evidence=tuple(Evidence(f"{count} nodes", version) for version, count in common.items()),
    )


MAX_SKEW = 3
"""Source: Kubernetes version skew policy."""


def _minor(node: core.Node) -> int:
    found = re.match(r"v?1\.(\d{1,3})", node.status.node_info.kubelet_version)
    return int(found[1]) if found else 0


CHECK = Check(
    name="nodes",
    scope="nodes",
    title="Nodes that are not ready, under pressure, silent or cordoned.",
    judges={core.Node: judge},
    documented_as="kubectl get nodes -o wide",
    advice="Describe the node, and look at k3s and Tailscale on it.",
)
