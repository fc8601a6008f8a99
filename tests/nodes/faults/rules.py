"""Rules of iptables that somebody left on a node."""

from __future__ import annotations

from tests.nodes.cluster import RealNodes
from tests.nodes.faults.fault import Fault, Undo, rule


def _redirect(cluster: RealNodes) -> Undo:
    match = ("-p", "tcp", "--dport", 80, "-j", "REDIRECT", "--to-ports", 9)
    return rule(cluster.server, "nat", "PREROUTING", *match, first=False)


def _reject(cluster: RealNodes) -> Undo:
    match = ("-i", "flannel.1", "-j", "REJECT", "--reject-with", "icmp-host-unreachable")
    return rule(cluster.nodes["n3"], "filter", "FORWARD", *match)


REDIRECT = Fault(
    "REDIRECT on Traefik's node",
    _redirect,
    diagnosis=(
        r"a NAT rule on `\w+` intercepts the traffic(?s:.*)\(proven\)(?s:.*)"
        "nativeLB works around it"
    ),
)
FAULTS = (
    REDIRECT,
    Fault(
        "n3 rejects what comes by the overlay",
        _reject,
        diagnosis=r"there's no network route to the node(?s:.*)\(proven\)",
        # The kernel limits how often it says so to one address; without a word it is a timeout.
        matrix="to or from n3 by pod IP:.? (no route|timeout)",
    ),
)
