"""The probes of a diagnosis: from where, to what end, and how they ended."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from bot.net.probing.protocol import Heard, Outcome, Probe, ProbeAnswer


class ExecutionContext(StrEnum):
    """How a prober runs on its node."""

    POD = "pod"
    """In the pod network, as Traefik usually does."""
    HOST = "host"
    """In the node's own network: no NetworkPolicy and no overlay between."""
    TRAEFIK = "traefik"
    """In Traefik's own pod."""


class VantagePoint(msgspec.Struct, frozen=True, order=True):
    """Where a probe runs: a node, and how the prober runs there."""

    node: str
    context: ExecutionContext = ExecutionContext.POD


class Aim(StrEnum):
    """What a probe is to show. `ProbeTarget` names the endpoint or node."""

    ENDPOINT = "endpoint"
    """One endpoint, by its pod IP and its own port."""
    OTHER_PORT = "other-port"
    """Another port of the same pod: it distinguishes a dead pod from a wrong port."""
    VIP = "vip"
    """The Service's VIP: kube-proxy chooses the endpoint."""
    SOLE_VIP = "sole-vip"
    """The VIP of a temporary Service that has this one endpoint only: the decisive test."""
    NAME = "name"
    """The Service's name in the cluster's DNS."""
    CONTROL_NAME = "control-name"
    """A name that every cluster has: it distinguishes a fault of DNS from one of the Service."""
    REQUEST = "request"
    """The route's own request (Host, path) to an endpoint."""
    VIP_REQUEST = "vip-request"
    """The route's own request to the VIP, whose answers may name the backend."""
    LARGE_REQUEST = "large-request"
    """The route's own request with more bytes than a packet holds."""
    NODE = "node"
    """The other node's own address: the round trip outside the overlay."""
    FAR = "far"
    """The bot's listener on the endpoint's node: the overlay without the application."""
    FAR_VIP = "far-vip"
    """The bot's listener by the VIP of a temporary Service."""
    FAR_SMALL = "far-small"
    FAR_LARGE = "far-large"
    FAR_UDP = "far-udp"
    BACK = "back"
    """From the listener's node to a listener beside Traefik: the other direction."""


class ProbeTarget(msgspec.Struct, frozen=True, order=True):
    """What a probe is about. `pod` is empty where it is not a pod; `address` is its pod IP."""

    node: str = ""
    pod: str = ""
    address: str = ""


Key = tuple[VantagePoint, Aim, ProbeTarget]


class PlannedProbe(msgspec.Struct, frozen=True):
    """A probe of a test plan, with its vantage point, its aim and its target."""

    source: VantagePoint
    aim: Aim
    target: ProbeTarget
    probe: Probe

    @property
    def key(self) -> Key:
        """What the answers of all passes are grouped by."""
        return self.source, self.aim, self.target


class Observation(msgspec.Struct, frozen=True):
    """A planned probe and how its tries ended; none where it could not be made, with the reason.

    `round` is 1 for the first pass and 2 for the one that repeats what failed.
    """

    question: PlannedProbe
    answers: tuple[ProbeAnswer, ...] = ()
    unasked: str = ""
    round: int = 1


class ListenerReport(msgspec.Struct, frozen=True):
    """What a listener on a node received; None where that could not be read."""

    node: str
    heard: tuple[Heard, ...] | None = None


class Upstream(msgspec.Struct, frozen=True, order=True):
    """An address that Traefik failed to reach, by its log: how, how often, and when last."""

    address: str
    port: int
    outcome: Outcome
    count: int = 1
    last: datetime | None = None


class Belief(msgspec.Struct, frozen=True, kw_only=True):
    """Traefik's own view of a route's Service.

    `servers` are its (address, port) pairs, None where they were not seen; `of` is where from
    (`API`, `log`). `unseen` says what could not be read, each with how to allow it.
    """

    servers: tuple[tuple[str, int], ...] | None = None
    of: str = ""
    failures: tuple[Upstream, ...] = ()
    version: str = ""
    unseen: tuple[str, ...] = ()
