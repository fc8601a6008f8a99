"""The API server is gone for two minutes."""

from __future__ import annotations

from tests.nodes.cluster import RealNodes
from tests.nodes.faults.fault import Fault, Undo
from tests.nodes.modes import AGENTS

GONE = r"The API server at \S+ cannot be reached"


def _without_api_server(cluster: RealNodes) -> Undo:
    cluster.server.stop("kube-apiserver")

    def mend() -> None:
        cluster.start()

    return mend


FAULTS = (
    Fault(
        "the API server is gone for two minutes",
        _without_api_server,
        diagnosis=GONE,
        matrix=GONE,
        health=GONE,
        settle=120,
        modes=(AGENTS,),
        recovers=60,
    ),
)
