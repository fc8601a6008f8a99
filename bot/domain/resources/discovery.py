"""discovery.k8s.io: EndpointSlices."""

from __future__ import annotations

from bot.domain.resources.base import Object, Part, Reference


class EndpointConditions(Part, frozen=True):
    """`endpoints[].conditions`: null means true for ready and serving (discovery.k8s.io/v1)."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class Endpoint(Part, frozen=True):
    """`endpoints[]` of an EndpointSlice."""

    addresses: tuple[str, ...] = ()
    conditions: EndpointConditions = EndpointConditions()
    node_name: str | None = None
    target_ref: Reference | None = None


class EndpointPort(Part, frozen=True):
    """`ports[]` of an EndpointSlice."""

    name: str | None = None
    port: int | None = None


class EndpointSlice(Object, frozen=True):
    """discovery.k8s.io/v1 EndpointSlice; label `kubernetes.io/service-name`."""

    endpoints: tuple[Endpoint, ...] | None = None
    ports: tuple[EndpointPort, ...] | None = None
