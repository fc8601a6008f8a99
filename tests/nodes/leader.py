"""The bot's process that leads, and where it runs."""

from __future__ import annotations

from tests.nodes.kubectl import get, kubectl, rolled_out, wait_until


def leader() -> str:
    """The name of its pod; empty where there is none."""
    lease = get("-n", "meshmedic", "lease", "meshmedic")
    return str(lease["spec"].get("holderIdentity") or "").partition("_")[0]


def settled() -> str:
    """The name of a pod that leads and is not about to end.

    After a rollout the Lease may still name a pod that is gone, or nobody: a process that
    ends gives it back, and the next one asks for it every few seconds.

    Raises:
        TimeoutError: Nobody leads in time.
    """
    wait_until("a leader that stays", lambda: leader() in _staying(), 60)
    return leader()


def _staying() -> set[str]:
    pods = get("-n", "meshmedic", "pods", "-l", "app.kubernetes.io/name=meshmedic")["items"]
    metadata = (pod["metadata"] for pod in pods)
    return {data["name"] for data in metadata if "deletionTimestamp" not in data}


def node_of(pod: str) -> str:
    """The node that a pod of the bot runs on."""
    return str(get("-n", "meshmedic", "pod", pod)["spec"]["nodeName"])


def until_another_than(pod: str) -> float:
    """Wait until another pod leads; the seconds that it took."""
    return wait_until("another leader", lambda: leader() not in ("", pod), 120)


def away_from(node: str) -> str:
    """The leader's pod, on another node than this one.

    Two of the bot's pods are never on one node, so where the leader is there, the standby is not,
    and takes over once the leader's pod is deleted.
    """
    leads = settled()
    if node_of(leads) == node:
        kubectl("-n", "meshmedic", "delete", "pod", leads)
        until_another_than(leads)
    rolled_out("meshmedic", "deployment/meshmedic")
    return settled()
