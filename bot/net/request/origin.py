"""From what a person typed to where one request begins: a node, or a pod with its node."""

from __future__ import annotations

import msgspec

from bot.domain.finding import Ref
from bot.domain.refusal import Refusal
from bot.domain.resources import core
from bot.domain.snapshot import Snapshot
from bot.domain.typed import CONSIDERED, ambiguous, holding, unknown


class RequestOrigin(msgspec.Struct, frozen=True):
    """Where a request begins. `pod` is None for the node itself; `container` is its first one."""

    node: str
    pod: Ref | None = None
    container: str = ""

    def __str__(self) -> str:
        """As people write it."""
        if self.pod is None:
            return f"node/{self.node}"
        return f"pod/{self.pod.namespace}/{self.pod.name}"


def resolve(snapshot: Snapshot, typed: str) -> RequestOrigin | Refusal:
    """The meaning of `node/…`, `pod/namespace/…`, or the beginning of a pod's name."""
    text = typed.strip().casefold()
    kind, _, name = text.partition("/")
    if kind == "node" and name:
        return _node(snapshot, name)
    if isinstance(node := _node(snapshot, text), RequestOrigin):
        return node
    wanted = name if kind == "pod" and name else text
    pods = _pods(snapshot, wanted)
    if not pods:
        gaps = snapshot.unseen((core.Node, core.Pod))
        also = f" Not seen: {', '.join(gaps)}." if gaps else ""
        by_name = {
            key: name
            for name in suggestions(snapshot, "", most=CONSIDERED)
            for key in (name.rpartition("/")[2], name)
        }
        return Refusal(unknown("node or running pod", typed, by_name) + also)
    if len({pod.namespace for pod in pods}) > 1:
        names = [f"{pod.namespace}/{pod.name}" for pod in pods]
        return Refusal(ambiguous(typed, "pods", names))
    return _origin(pods[0])


def suggestions(snapshot: Snapshot, typed: str, most: int = 25) -> tuple[str, ...]:
    """Nodes, then running pods, that hold what was typed."""
    nodes = sorted(f"node/{node.name}" for node in snapshot.of(core.Node))
    pods = sorted(str(_origin(pod)) for pod in snapshot.of(core.Pod) if _runs(pod))
    return holding(typed, (*nodes, *pods), most)


def _node(snapshot: Snapshot, name: str) -> RequestOrigin | Refusal:
    names = sorted(node.name for node in snapshot.of(core.Node))
    if name in names:
        return RequestOrigin(name)
    return Refusal(unknown("node", name, names))


def _pods(snapshot: Snapshot, wanted: str) -> list[core.Pod]:
    """Running pods with this name, else those whose name begins with it."""
    namespace, _, name = wanted.rpartition("/")
    if not name:
        return []
    here = [pod for pod in snapshot.of(core.Pod) if _runs(pod) and namespace in ("", pod.namespace)]
    exact = [pod for pod in here if pod.name == name]
    pods = exact or [pod for pod in here if pod.name.startswith(f"{name}-")]
    return sorted(pods, key=lambda pod: (pod.namespace, pod.name))


def _runs(pod: core.Pod) -> bool:
    return pod.status.phase == "Running" and bool(pod.spec.node_name)


def _origin(pod: core.Pod) -> RequestOrigin:
    container = pod.spec.containers[0].name if pod.spec.containers else ""
    return RequestOrigin(pod.spec.node_name, pod.ref, container)
