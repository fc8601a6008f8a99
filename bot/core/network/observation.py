"""What was asked of the network, from where and why, and how it ended."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from bot.core.network.probing import Answer, Probe


class Stance(StrEnum):
    """How a prober stands on its node."""

    POD = "pod"
    """In the pod network, as Traefik usually does."""
    HOST = "host"
    """In the node's own network: no NetworkPolicy and no overlay between."""
    TRAEFIK = "traefik"
    """In Traefik's own pod."""


class Source(msgspec.Struct, frozen=True, order=True):
    """Where probes run: a node, and how the prober stands there."""

    node: str
    stance: Stance = Stance.POD


class Aim(StrEnum):
    """What a probe is to tell. `Target` says about which endpoint or node."""

    ENDPOINT = "endpoint"
    """One endpoint, by its pod IP and its own port."""
    VIP = "vip"
    """The Service's VIP: kube-proxy chooses the endpoint."""
    SOLE_VIP = "sole-vip"
    """The VIP of a temporary Service that has this one endpoint only: the decisive test."""
    NAME = "name"
    """The Service's name in the cluster's DNS."""
    CONTROL_NAME = "control-name"
    """A name that every cluster has, to tell DNS from the Service."""
    REQUEST = "request"
    """The route's own request (Host, path) to an endpoint."""
    VIP_REQUEST = "vip-request"
    """The route's own request to the VIP, whose answers may name the backend."""
    LARGE_REQUEST = "large-request"
    """The same as REQUEST with more bytes than a packet holds."""
    NODE = "node"
    """The other node's own address: the round trip outside the overlay."""
    FAR = "far"
    """A listener of ours beside the endpoint: the overlay without the application."""
    FAR_VIP = "far-vip"
    """That listener by the VIP of a temporary Service."""
    FAR_SMALL = "far-small"
    FAR_LARGE = "far-large"
    FAR_UDP = "far-udp"
    BACK = "back"
    """From the listener's node to a listener beside Traefik: the other direction."""


class Target(msgspec.Struct, frozen=True, order=True):
    """What a probe is about. `pod` is empty where it is not about one; `address` is its pod IP."""

    node: str = ""
    pod: str = ""
    address: str = ""


class Question(msgspec.Struct, frozen=True):
    """A probe with the place that it is made from, its aim and its target."""

    source: Source
    aim: Aim
    target: Target
    probe: Probe


class Observation(msgspec.Struct, frozen=True):
    """A question and how its tries ended; none where it could not be asked, with the reason."""

    question: Question
    answers: tuple[Answer, ...] = ()
    unasked: str = ""
