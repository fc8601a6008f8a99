"""The API server is gone for two minutes."""

from __future__ import annotations

from tests.nodes.cluster import RealNodes
from tests.nodes.faults.fault import Fault, Undo
from tests.nodes.modes import AGENTS

GONE = r"(?s:.*)API server at \S+ (cannot be reached|did not answer)"


def _without_api_server(cluster: RealNodes) -> Undo:
    cluster.server.stop("kube-apiserver")

    def mend() -> None:
        cluster.start()

    return mend


FAULTS = (
    Fault(
        "the API server is gone for two minutes",
        _without_api_server,
        # What cannot be tested is not called healthy, and not broken either.
        diagnosis=f"Inconclusive{GONE}",
        matrix=f"Not everything could be seen{GONE}",
        health=GONE,
        settle=120,
        modes=(AGENTS,),
        recovers=60,
    ),
)
