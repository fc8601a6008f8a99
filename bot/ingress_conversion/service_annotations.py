"""What a Service says of how Ingresses reach it, by Traefik's version.

Source: `ServiceIng` of kubernetesingress, v2.10 to v3.7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.ingress_conversion import target as since
from bot.ingress_conversion.labels import Each, Fields, Group, Leaf, decode
from bot.ingress_conversion.target import ConversionTarget

COOKIE: Fields = {
    "name": Leaf.TEXT,
    "secure": Leaf.FLAG,
    "httponly": Leaf.FLAG,
    "samesite": Leaf.TEXT,
    "maxage": Leaf.NUMBER,
    "path": Leaf.TEXT,
    "domain": Leaf.TEXT,
}
"""Of every version: whoever has a sticky cookie is refused in any case."""


@dataclass(frozen=True, slots=True)
class ReachedService:
    """The annotations `service.*` of a Service."""

    scheme: str = ""
    servers_transport: str = ""
    pass_host_header: bool | None = None
    middlewares: tuple[str, ...] = ()
    sticky: bool = False
    native_lb: bool | None = None
    node_port_lb: bool = False


def read(annotations: Mapping[str, str], target: ConversionTarget, name: str) -> ReachedService:
    """What a Service says of how Ingresses reach it.

    Raises:
        Unfaithful: This Traefik does not take one of them, and so not the Service.
    """
    said = decode(annotations, "service", _fields(target), f"Service {name}")
    return ReachedService(
        scheme=said.get("serversscheme", ""),
        servers_transport=said.get("serverstransport", ""),
        pass_host_header=said.get("passhostheader"),
        middlewares=tuple(said.get("middlewares", ())),
        sticky=said.get("sticky", {}).get("cookie") is not None,
        native_lb=said.get("nativelb"),
        node_port_lb=bool(said.get("nodeportlb")),
    )


def _fields(target: ConversionTarget) -> Fields:
    fields: dict[str, Leaf | Group | Each] = {
        "serversscheme": Leaf.TEXT,
        "serverstransport": Leaf.TEXT,
        "passhostheader": Leaf.FLAG,
        "sticky": Group({"cookie": Group(COOKIE)}),
        "nativelb": Leaf.FLAG,
    }
    if target.since(since.SINCE_NODE_PORT_LB):
        fields["nodeportlb"] = Leaf.FLAG
    if target.since(since.SINCE_SERVICE_MIDDLEWARES):
        fields["middlewares"] = Leaf.TEXTS
    return fields
