"""Probes in the nodes' own network, as somebody allows them."""

from __future__ import annotations

from tests.nodes.cluster import RealNodes
from tests.nodes.faults import rules
from tests.nodes.faults.fault import Fault, Make, Undo, together
from tests.nodes.kubectl import kubectl, rolled_out

SETTING = "MESHMEDIC_PROBE_HOST_NETWORK"
LEVEL = "pod-security.kubernetes.io/enforce"


def _allow(_: RealNodes) -> Undo:
    def choose(setting: str, level: str) -> None:
        kubectl("label", "namespace", "meshmedic-probe", f"{LEVEL}={level}", "--overwrite")
        kubectl("-n", "meshmedic", "set", "env", "deployment/meshmedic", setting)
        rolled_out("meshmedic", "deployment/meshmedic")

    choose(f"{SETTING}=true", "privileged")
    return lambda: choose(f"{SETTING}-", "restricted")


def _set(make: Make = lambda _: lambda: None) -> Make:
    return together(_allow, make)


UNSEEN = rf"(?!(?s:.*){SETTING})"
"""The answer does not ask for what is set already."""

FAULTS = (
    Fault(
        "probes in the nodes' network",
        _set(),
        diagnosis=rf"\A{UNSEEN}(?s:.*)The route works(?s:.*)\*\*Proven:",
        settle=15,
        recovers=30,
    ),
    Fault(
        "REDIRECT, with probes in the nodes' network",
        _set(rules.REDIRECT.make),
        diagnosis=rf"\A{UNSEEN}(?s:.*){rules.REDIRECT.diagnosis}",
        settle=15,
        recovers=30,
    ),
)
