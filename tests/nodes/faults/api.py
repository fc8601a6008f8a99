"""The API server is gone for two minutes."""

from __future__ import annotations

from tests.nodes.cluster import RealNodes
from tests.nodes.faults.fault import Fault, Undo
from tests.nodes.images import BUSYBOX
from tests.nodes.kubectl import kubectl
from tests.nodes.modes import AGENTS

GONE = r"(?s:.*)API server at \S+ (cannot be reached|did not answer)"


def _without_api_server(cluster: RealNodes) -> Undo:
    cluster.server.stop("kube-apiserver")

    def mend() -> None:
        cluster.start()
        _until_controllers_follow()

    return mend


def _until_controllers_follow() -> None:
    """Wait for the pod of a Job: after an outage its controller reads the cluster a minute later.

    Source: client-go, the reflectors' backoff of up to 30 s and more.
    """
    job = ("-n", "default", "job/follows")
    kubectl("-n", "default", "create", "job", "follows", f"--image={BUSYBOX}", "--", "true")
    kubectl("wait", *job, "--for=condition=complete", "--timeout=150s")
    kubectl("delete", *job)


FAULTS = (
    Fault(
        "the API server is gone for two minutes",
        _without_api_server,
        # What cannot be tested is not called healthy, and not broken either.
        diagnosis=f"the test is inconclusive{GONE}",
        matrix=f"Not all nodes could be tested{GONE}",
        health=GONE,
        settle=120,
        modes=(AGENTS,),
        recovers=60,
    ),
)
