"""kube-proxy in nftables mode on every node: nothing is wrong, and nothing may be said to be."""

from __future__ import annotations

from tests.nodes.cluster import RealNodes
from tests.nodes.faults import rules
from tests.nodes.faults.fault import Fault, Undo, together


def _switch(cluster: RealNodes) -> Undo:
    def use(mode: str) -> None:
        for node in cluster.nodes.values():
            node.proxy_mode = mode
            node.stop("kube-proxy")
        cluster.start()

    use("nftables")
    return lambda: use("iptables")


def _left_out(cluster: RealNodes) -> str:
    """Why kube-proxy cannot use nftables. Source: KEP-3866, kernel 5.13 and nft 1.0.1."""
    if not cluster.server.succeeds("nft", "list", "ruleset"):
        return "left out: this kernel has no nftables, or the command nft is missing"
    return ""


FAULTS = (
    Fault("kube-proxy uses nftables", _switch, left_out=_left_out, settle=5, recovers=30),
    Fault(
        "REDIRECT where kube-proxy uses nftables",
        together(_switch, rules.REDIRECT.make),
        diagnosis=rules.REDIRECT.diagnosis,
        left_out=_left_out,
        settle=5,
        recovers=30,
    ),
)
