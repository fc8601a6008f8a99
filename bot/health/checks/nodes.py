"""Nodes: ready, without pressure, heard from, schedulable, and of one version.

Source: Kubernetes node status; a kubelet posts its status at least every five minutes, and a
cordoned node is suspended on purpose, which never counts as healthy.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Evidence, Judgement, Ref
from bot.domain.resources import core
from bot.domain.resources.base import Condition
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health import node_state

PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")

TROUBLES = re.compile(
    r"KernelDeadlock|ReadonlyFilesystem|CorruptDockerOverlay2|Frequent\w{1,100}"
    r"|(?:Kubelet|ContainerRuntime)Unhealthy|\w{1,100}Problem"
)
"""Condition types of node-problem-detector that report a problem when they are true."""

MAX_SKEW = 3
"""Source: Kubernetes version skew policy."""

CORDONED = Judgement(
    Verdict.SUSPENDED,
    "SchedulingDisabled",
    "The node is cordoned: no new pods are scheduled on it.",
)

CONTROL_PLANE = frozenset(
    {"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"}
)
"""Labels of the nodes whose settings the others are to share."""

UNINITIALIZED = "node.cloudprovider.kubernetes.io/uninitialized"
"""The taint of a new node, which a cloud controller takes away: k3s has one of its own."""

FLANNEL_BACKEND = "flannel.alpha.coreos.com/backend-type"
MAX_BACKENDS = 5
MAX_WORD = 40
FLANNEL_IP = "flannel.alpha.coreos.com/public-ip"


def judge(node: core.Node, snapshot: Snapshot) -> Judgement:
    """Not Ready is failed; any other problem is degraded, unknown or suspended."""
    ready = conditions.condition(node.status.conditions, "Ready")
    if ready is None:
        return Judgement(Verdict.UNKNOWN, "NoStatus", "It reports no Ready condition.")
    if ready.status != "True":
        return _not_ready(ready)
    return (
        _under_pressure(node)
        or _silent(ready, snapshot)
        or _uninitialized(node, snapshot)
        or _wrong_address(node)
        or _other_backend(node, snapshot)
        or _skewed(node, snapshot)
        or (CORDONED if node.spec.unschedulable else HEALTHY)
    )


def _not_ready(ready: Condition) -> Judgement:
    heard = ready.last_heartbeat_time
    return Judgement(
        Verdict.FAILED,
        ready.reason or "NotReady",
        ready.message or "The node is not ready.",
        ready.last_transition_time,
        evidence=(Evidence("last heartbeat", heard.isoformat()),) if heard else (),
    )


def _under_pressure(node: core.Node) -> Judgement | None:
    entries = node.status.conditions
    known = [pressure for type_ in PRESSURES if (pressure := conditions.is_true(entries, type_))]
    troubles = [
        condition
        for condition in entries
        if condition.status == "True" and TROUBLES.fullmatch(condition.type)
    ]
    if not known and not troubles:
        return None
    first, *others = known + troubles
    return Judgement(
        Verdict.DEGRADED,
        first.type,
        first.message,
        first.last_transition_time,
        evidence=tuple(Evidence(condition.type, condition.message) for condition in others),
    )


def _silent(ready: Condition, snapshot: Snapshot) -> Judgement | None:
    heard = node_state.silent_since(ready, snapshot)
    if heard is None:
        return None
    message = "It is marked Ready, but its kubelet has stopped posting its status."
    return Judgement(Verdict.UNKNOWN, "KubeletSilent", message, heard)


def _uninitialized(node: core.Node, snapshot: Snapshot) -> Judgement | None:
    """New, and not taken on: no pod is placed on it."""
    if not any(taint.key == UNINITIALIZED for taint in node.spec.taints or ()):
        return None
    message = (
        f"No pod is scheduled on it because of the taint {UNINITIALIZED}: its cloud controller "
        "has not initialized it. Start that controller. k3s has one, unless it runs with "
        "--disable-cloud-controller."
    )
    since = node.metadata.creation_timestamp
    return conditions.progressing("Uninitialized", message, since, snapshot.taken_at)


def _wrong_address(node: core.Node) -> Judgement | None:
    """Flannel must announce the address by which the other nodes reach this one."""
    announced = (node.metadata.annotations or {}).get(FLANNEL_IP)
    internal, external = (
        [address.address for address in node.status.addresses if address.type == type_]
        for type_ in ("InternalIP", "ExternalIP")
    )
    if not announced or not internal or announced in internal + external:
        return None
    return Judgement(
        Verdict.DEGRADED,
        "FlannelAddressDiffers",
        "Flannel announces an address that does not belong to the node.",
        evidence=(Evidence("announced", announced), Evidence("InternalIP", ", ".join(internal))),
    )


def _other_backend(node: core.Node, snapshot: Snapshot) -> Judgement | None:
    """Flannel backends of different types do not carry each other's packets.

    The type of the control plane is the right one, else that of most nodes; where neither decides,
    every node is named, and follows the first.
    """
    backends = snapshot.once("nodes: flannel backends", lambda: _backends(snapshot))
    own = backends.get(node.name)
    right = snapshot.once("nodes: right flannel backend", lambda: _right_backend(snapshot))
    if own is None or len(set(backends.values())) == 1 or own == right:
        return None
    differing = sorted(name for name, backend in backends.items() if backend != right)
    others = {name: backend for name, backend in backends.items() if backend != own}
    peer = min(others)
    message = (
        f"Its flannel backend is {own[:MAX_WORD]}, that of {peer} is {others[peer][:MAX_WORD]}: "
        "no pod traffic passes between them. Give every node the same flannel-backend or vpn-auth."
    )
    return Judgement(
        Verdict.DEGRADED,
        "FlannelBackendDiffers",
        message,
        evidence=tuple(_backend_evidence(backends)),
        follows=(Ref("Node", "", differing[0]),) if node.name != differing[0] else (),
    )


def _backends(snapshot: Snapshot) -> dict[str, str]:
    """The type of flannel's backend of each node that announces one."""
    types = {
        node.name: (node.metadata.annotations or {}).get(FLANNEL_BACKEND, "")
        for node in snapshot.of(core.Node)
    }
    return {name: type_ for name, type_ in types.items() if type_}


def _right_backend(snapshot: Snapshot) -> str | None:
    """What the control plane's nodes have, else what most have; None where that is undecided."""
    backends = _backends(snapshot)
    servers = [
        backends[node.name]
        for node in snapshot.of(core.Node)
        if node.name in backends and CONTROL_PLANE & (node.metadata.labels or {}).keys()
    ]
    for types in (servers, list(backends.values())):
        ranked = Counter(types).most_common(2)
        if len(ranked) == 1 or (ranked and ranked[0][1] > ranked[1][1]):
            return ranked[0][0]
    return None


def _backend_evidence(backends: dict[str, str]) -> Iterator[Evidence]:
    for type_, count in Counter(backends.values()).most_common(MAX_BACKENDS):
        names = sorted(name for name, backend in backends.items() if backend == type_)
        named = ", ".join(names[:MAX_BACKENDS])
        yield Evidence(f"backend {type_[:MAX_WORD]}, {count} nodes", named)


def _skewed(node: core.Node, snapshot: Snapshot) -> Judgement | None:
    """A kubelet may be up to three minor versions behind the newest, never ahead of the server."""
    nodes = snapshot.of(core.Node)
    minor, newest = _minor(node), max(map(_minor, nodes), default=0)
    if not minor or newest - minor <= MAX_SKEW:
        return None
    versions = Counter(other.status.node_info.kubelet_version for other in nodes)
    return Judgement(
        Verdict.DEGRADED,
        "VersionSkew",
        f"Its kubelet is {newest - minor} minor versions behind the newest node.",
        evidence=tuple(Evidence(f"{count} nodes", version) for version, count in versions.items()),
    )


def _minor(node: core.Node) -> int:
    version = re.match(r"v?1\.(\d{1,3})", node.status.node_info.kubelet_version)
    return int(version[1]) if version else 0


CHECK = Check(
    name="nodes",
    scope="nodes",
    title="Nodes that are not ready, under pressure, silent or cordoned.",
    judges={core.Node: judge},
    documented_as="kubectl get nodes -o wide",
    advice="Run kubectl describe on the node, and check the k3s service there.",
)
