"""Builders of the Gateway API's objects, as Traefik serves them."""

from typing import Any

from tests.builders import Plain, an_object

GATEWAY_API = "gateway.networking.k8s.io"
TRAEFIKS = "traefik.io/gateway-controller"
OTHERS = "example.net/gateway-controller"
TO_EDGE = {"name": "edge"}
BACKEND = {"name": "web", "port": 80}


def a_class(name: str = "traefik", controller: str = TRAEFIKS) -> Plain:
    """A GatewayClass."""
    spec = {"controllerName": controller}
    return an_object("GatewayClass", name, f"{GATEWAY_API}/v1", namespace="", spec=spec)


def a_listener(name: str = "web", hostname: str = "", port: int = 8000, **rest: Any) -> Plain:
    """A listener; without a hostname it takes all."""
    host = {"hostname": hostname} if hostname else {}
    return {"name": name, "port": port, "protocol": "HTTP", **host, **rest}


def a_gateway(
    *listeners: Plain,
    name: str = "edge",
    of_class: str = "traefik",
    said: Plain | None = None,
    **meta: Any,
) -> Plain:
    """A Gateway with these listeners, or one for all hosts; `said` is a condition of its first."""
    kept = list(listeners) or [a_listener()]
    spec = {"gatewayClassName": of_class, "listeners": kept}
    made = an_object("Gateway", name, f"{GATEWAY_API}/v1", spec=spec)
    made["metadata"] |= meta
    if said:
        made["status"] = {"listeners": [{"name": kept[0]["name"], "conditions": [said]}]}
    return made


def a_condition(
    type_: str, status: str = "True", reason: str = "", message: str = "", generation: int = 1
) -> Plain:
    """A condition of the present generation."""
    words = {"reason": reason or type_, "message": message}
    return {"type": type_, "status": status, "observedGeneration": generation, **words}


ACCEPTED, RESOLVED = a_condition("Accepted"), a_condition("ResolvedRefs")


def a_status(*conditions: Plain, parent: Plain | None = None, controller: str = TRAEFIKS) -> Plain:
    """What a controller says of a route at a parent; that all is well where nothing is given."""
    said = list(conditions) or [ACCEPTED, RESOLVED]
    return {"parentRef": parent or TO_EDGE, "controllerName": controller, "conditions": said}


def a_http_rule(*backends: Plain, path: str = "/", **rest: Any) -> Plain:
    """A rule that leads to these backends; to port 80 of `web` where none is given."""
    match = {"path": {"type": "PathPrefix", "value": path}}
    return {"matches": [match], "backendRefs": list(backends) or [BACKEND], **rest}


def an_http_route(
    *rules: Plain,
    parents: tuple[Plain, ...] = (TO_EDGE,),
    statuses: tuple[Plain, ...] | None = None,
    hostnames: tuple[str, ...] = ("a.example",),
    **meta: Any,
) -> Plain:
    """An HTTPRoute that Traefik has accepted; `statuses` are what controllers say instead."""
    spec = {"parentRefs": list(parents), "rules": list(rules) or [a_http_rule()]}
    if hostnames:
        spec["hostnames"] = list(hostnames)
    said = [a_status(parent=parent) for parent in parents] if statuses is None else list(statuses)
    made = an_object("HTTPRoute", "site", f"{GATEWAY_API}/v1", spec=spec, status={"parents": said})
    made["metadata"] |= {"generation": 1, **meta}
    return made


def a_grant(
    *,
    namespace: str = "data",
    source: str = "apps",
    from_kind: str = "HTTPRoute",
    to_group: str = "",
    to_kind: str = "Service",
    name: str | None = "db",
) -> Plain:
    """A ReferenceGrant from HTTPRoutes of `apps` to Service data/db."""
    target = {"group": to_group, "kind": to_kind, **({"name": name} if name else {})}
    grantee = {"group": GATEWAY_API, "kind": from_kind, "namespace": source}
    spec = {"from": [grantee], "to": [target]}
    return an_object("ReferenceGrant", "g", f"{GATEWAY_API}/v1beta1", namespace, spec=spec)
