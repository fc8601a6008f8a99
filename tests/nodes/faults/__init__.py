"""The faults of a homelab, made on real nodes and mended again: a file a kind, all of them here."""

from __future__ import annotations

from tests.nodes.faults import (
    api,
    clock,
    dns,
    full,
    host_network,
    nftables,
    overlay,
    policy,
    programs,
    pulling,
    rules,
    zone,
)
from tests.nodes.faults.asking import status_through_traefik
from tests.nodes.faults.fault import Fault, made

__all__ = ["FAULTS", "SHORT", "Fault", "made", "status_through_traefik"]

FAULTS: tuple[Fault, ...] = (
    *overlay.FAULTS,
    *rules.FAULTS,
    *dns.FAULTS,
    *programs.FAULTS,
    *full.FAULTS,
    *pulling.FAULTS,
    *zone.FAULTS,
    *clock.FAULTS,
    *nftables.FAULTS,
    *policy.FAULTS,
    *host_network.FAULTS,
    *api.FAULTS,
)
SHORT = (
    "VXLAN dropped between two nodes",
    "VXLAN dropped from n1 to n3",
    "REDIRECT on Traefik's node",
    "large packets of n3 are lost",
    "CoreDNS is gone",
    "the kubelet of n3 is dead",
)
"""The faults of the short form."""
