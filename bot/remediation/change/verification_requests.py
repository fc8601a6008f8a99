"""The requests by which a change proves that it helped: those of the route, and one for nothing."""

from __future__ import annotations

import re

import msgspec

from bot.net.entrances import NOWHERE, Entrance
from bot.net.probing.protocol import Probe, ProbeKind
from bot.remediation.change.plan import VerificationRequest


def probes(request: VerificationRequest, entrance: Entrance, tries: int) -> tuple[Probe, Probe]:
    """The route's own requests, and one for nothing that shows Traefik's own not-found page."""
    route = probe(request, entrance, tries, "asked")
    nothing = msgspec.structs.replace(route, id="nothing", name=NOWHERE, path="/-", tries=1)
    return route, nothing


def probe(request: VerificationRequest, entrance: Entrance, tries: int, name: str) -> Probe:
    """The requests of a route by one entrance, under a name, so that many go in one job."""
    # A wildcard takes any one label.
    host = re.sub(r"^\*\.", "meshmedic-probe.", request.host)
    return Probe(
        id=name,
        kind=ProbeKind.HTTP,
        address=entrance.address,
        port=entrance.port,
        name=host or entrance.address,
        path=request.path or "/",
        tls=entrance.tls,
        tries=tries,
        again=0,
        seconds=5.0,
    )
