"""discovery.k8s.io: EndpointSlices."""

from __future__ import annotations

from bot.domain.resources.base import Object, Part, Reference
from bot.domain.resources.limits import Many, Text


class EndpointConditions(Part, frozen=True):
    """`endpoints[].conditions`: null means true for ready and serving (discovery.k8s.io/v1)."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class Endpoint(Part, frozen=True):
    """`endpoints[]` of an EndpointSlice."""

    addresses: Many[Text] = ()
    conditions: EndpointConditions = EndpointConditions()
    node_name: Text | None = None
    target_ref: Reference | None = None


class EndpointPort(Part, frozen=True):
    """`ports[]` of an EndpointSlice."""

    name: Text | None = None
    port: int | None = None


class EndpointSlice(Object, frozen=True):
    """discovery.k8s.io/v1 EndpointSlice; label `kubernetes.io/service-name`."""

    endpoints: Many[Endpoint] | None = None
    ports: Many[EndpointPort] | None = None
