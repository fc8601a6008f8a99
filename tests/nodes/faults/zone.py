"""A node in another time zone: its containerd and kubelet write times with its own offset."""

from __future__ import annotations

from tests.nodes.cluster import RealNodes
from tests.nodes.faults import rounds
from tests.nodes.faults.fault import Fault, Undo
from tests.nodes.modes import AGENTS

FAR = "Asia/Tokyo"

NOTHING_MISSING = r"\A(?!(?s:.*)n2[^\n]*(clock|its last round|silent))"
"""Of the node's rounds nothing is missing, whatever else there is."""


def _move(cluster: RealNodes) -> Undo:
    node = cluster.nodes["n2"]

    def live_in(zone: str) -> None:
        node.time_zone = zone
        for program in ("kubelet", "containerd"):
            node.stop(program)
        cluster.start()

    live_in(FAR)
    slow_down = rounds.hurry()

    def mend() -> None:
        live_in("UTC")
        slow_down()

    return mend


FAULTS = (
    Fault(
        "n2 is in Tokyo",
        _move,
        health=NOTHING_MISSING,
        settle=rounds.TOLD_WITHIN,
        modes=(AGENTS,),
        recovers=60,
    ),
)
