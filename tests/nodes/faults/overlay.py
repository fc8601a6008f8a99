"""The overlay: its packets dropped, its device gone or without routes, and large packets lost."""

from __future__ import annotations

from tests.nodes.cluster import RealNodes
from tests.nodes.faults.fault import Fault, Make, Undo, rule, together
from tests.nodes.kubectl import wait_until

VXLAN = ("-p", "udp", "--dport", 8472)

LARGE = (*VXLAN, "-m", "length", "--length", "1200:65535", "-j", "DROP")
"""VXLAN's packets of a full segment, which have the LAN's 1280 bytes."""


def _drop(sender: str, receiver: str) -> Make:
    def make(cluster: RealNodes) -> Undo:
        match = ("-s", cluster.nodes[sender].address, *VXLAN, "-j", "DROP")
        return rule(cluster.nodes[receiver], "filter", "INPUT", *match)

    return make


def _on_n3(chain: str, *match: object) -> Make:
    return lambda cluster: rule(cluster.nodes["n3"], "filter", chain, *match)


def _vanish(cluster: RealNodes) -> Undo:
    node = cluster.nodes["n3"]
    node.stop("flannel")  # it would make the device anew
    node.run("ip", "link", "delete", "flannel.1")

    def mend() -> None:
        cluster.start()

    return mend


def _lose_routes(cluster: RealNodes) -> Undo:
    """Flannel makes a device that is gone anew, but neither its routes nor its peers' entries."""
    node = cluster.nodes["n3"]
    node.run("ip", "link", "delete", "flannel.1")
    back = ("ip", "link", "show", "flannel.1")
    wait_until("flannel.1 is back", lambda: node.succeeds(*back), 30)

    def mend() -> None:
        node.stop("flannel")
        cluster.start()

    return mend


FAULTS = (
    Fault(
        "VXLAN dropped between two nodes",
        together(_drop("n1", "n3"), _drop("n3", "n1")),
        diagnosis=r"the pod network is down(?s:.*)\(proven\)",
        matrix="n1 <.?-> n3 by pod IP:.? timeout",
    ),
    Fault(
        "VXLAN dropped from n1 to n3",
        _drop("n1", "n3"),
        diagnosis=r"packets get lost in one direction \(`n1 -> n3`\)(?s:.*)\(proven\)",
        matrix="n1 <.?-> n3 by pod IP:.? timeout",
    ),
    Fault(
        "VXLAN dropped by n3's firewall",
        _on_n3("INPUT", *VXLAN, "-j", "DROP"),
        diagnosis=r"packets get lost in one direction \(`n1 -> n3`\)(?s:.*)\(proven\)",
        matrix="Nothing gets to or from n3 by pod IP:.? timeout",
    ),
    Fault(
        "VXLAN dropped on n3, both ways",
        together(_on_n3("INPUT", *VXLAN, "-j", "DROP"), _on_n3("OUTPUT", *VXLAN, "-j", "DROP")),
        diagnosis=r"the pod network is down(?s:.*)\(proven\)",
        # The kernel reports a datagram that its own rule dropped: not permitted.
        matrix="Nothing gets to or from n3 by pod IP",
    ),
    Fault(
        "large packets of n3 are lost",
        together(_on_n3("INPUT", *LARGE), _on_n3("OUTPUT", *LARGE)),
        diagnosis=r"large packets get lost(?s:.*)\(proven\)",
        matrix="Nothing gets to or from n3 by large payload",
    ),
    Fault(
        "flannel.1 of n3 is gone",
        _vanish,
        diagnosis=r"the pod network is down(?s:.*)\(proven\)",
        matrix="to or from n3 by pod IP",
    ),
    Fault(
        "flannel.1 of n3 is back without its routes",
        _lose_routes,
        diagnosis=r"packets get lost in one direction \(`n3 -> n1`\)(?s:.*)\(proven\)",
        matrix="to or from n3 by pod IP",
    ),
)
