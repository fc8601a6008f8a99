"""CoreDNS is gone."""

from __future__ import annotations

import time

from tests.nodes.cluster import RealNodes
from tests.nodes.faults.fault import Fault, Undo
from tests.nodes.kubectl import kubectl, rolled_out, wait_until

SYNCED = 3.0
"""Seconds in which each kube-proxy takes note of an endpoint that is ready."""


def _no_dns(_: RealNodes) -> Undo:
    kubectl("-n", "kube-system", "scale", "deployment/coredns", "--replicas=0")
    wait_until("CoreDNS is gone", lambda: not _pods("k8s-app=kube-dns"), 60)

    def mend() -> None:
        kubectl("-n", "kube-system", "scale", "deployment/coredns", "--replicas=1")
        rolled_out("kube-system", "deployment/coredns")
        time.sleep(SYNCED)

    return mend


def _pods(selector: str) -> str:
    return kubectl("-n", "kube-system", "get", "pods", "-l", selector, "-o", "name")


FAULTS = (
    Fault(
        "CoreDNS is gone",
        _no_dns,
        diagnosis=r"DNS doesn't work on `n1`(?s:.*)\(proven\)",
        matrix="DNS from n1:.? refused",
        settle=2,
    ),
)
