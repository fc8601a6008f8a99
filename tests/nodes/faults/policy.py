"""A NetworkPolicy that is enforced: by kube-router's controller, as k3s runs it."""

from __future__ import annotations

from tests.nodes import keys
from tests.nodes.cluster import RealNodes
from tests.nodes.faults.fault import Fault, Undo, together
from tests.nodes.kubectl import apply, kubectl, wait_until
from tests.nodes.place import SERVICE_RANGE
from tests.programs import catalogue

NAME = "kube-router"


def _enforce(cluster: RealNodes) -> Undo:
    for node in cluster.nodes.values():
        kubeconfig = keys.kubeconfig("admin")
        node.start(NAME, catalogue.KUBE_ROUTER.path, kubeconfig, node.name, SERVICE_RANGE)
    for node in cluster.nodes.values():
        chains = ("iptables", "-w", "-n", "-L", "KUBE-NWPLCY-DEFAULT")
        wait_until(
            f"policies are enforced on {node.name}", lambda c=chains, n=node: n.succeeds(*c), 60
        )

    def mend() -> None:
        for node in cluster.nodes.values():
            node.stop(NAME)
            node.run("sh", "-c", REMOVE)

    return mend


OURS = "KUBE-ROUTER|KUBE-POD-FW|KUBE-NWPLCY"
REMOVE = f"""\
iptables-save -t filter | grep -vE '{OURS}' | iptables-restore
ipset -n list | grep -E '^(KUBE|kube-router)' | xargs -r -n 1 ipset destroy
"""
"""Rules and sets stay where the controller ends, as they do in k3s."""


def _turn_away(_: RealNodes) -> Undo:
    """Only pods of its own namespace may reach the application."""
    apply(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "only-ours", "namespace": "apps"},
            "spec": {
                "podSelector": {"matchLabels": {"app": "web"}},
                "policyTypes": ["Ingress"],
                "ingress": [{"from": [{"podSelector": {}}]}],
            },
        }
    )

    def mend() -> None:
        kubectl("-n", "apps", "delete", "networkpolicy", "only-ours")

    return mend


def _left_out(_: RealNodes) -> str:
    built = catalogue.KUBE_ROUTER.path.is_file()
    return "" if built else "left out: --all builds kube-router before the nodes are started"


FAULTS = (
    Fault("NetworkPolicies are enforced", _enforce, left_out=_left_out, settle=10, recovers=10),
    Fault(
        "an enforced NetworkPolicy turns Traefik away",
        together(_enforce, _turn_away),
        # Likely, and no more: a policy may refuse the prober and admit Traefik.
        diagnosis=r"A NetworkPolicy refuses · (proven|likely)(?s:.*)select its pods:\W*only-ours",
        left_out=_left_out,
        settle=10,
        recovers=10,
    ),
)
