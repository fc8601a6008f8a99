"""Builders of Services, slices and routes, and the snapshot that they stand in."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.finding import Judgement
from bot.domain.resources.base import Object
from bot.domain.resources.registry import KINDS
from bot.domain.snapshot import Gap, Snapshot
from bot.health.offline import type_of
from tests.builders import Plain, an_object, as_read

MOMENT = datetime(2026, 11, 23, 12, tzinfo=UTC)
TRAEFIK = "traefik.io/v1alpha1"
ELDER = "traefik.containo.us/v1alpha1"


def ago(**how_long: float) -> str:
    """A moment before the snapshot, as the API server writes it."""
    return (MOMENT - timedelta(**how_long)).isoformat()


def a_snapshot(
    *plain: Plain, unseen: tuple[type[Object], ...] = (), live: bool = True, **rest: Any
) -> Snapshot:
    """A cluster with these objects, of which every kind but the `unseen` was read."""
    groups: dict[type[Object], tuple[Object, ...]] = {
        kind.type: () for kind in KINDS if live and kind.type not in unseen
    }
    for each in plain:
        kind = type_of(each)
        groups[kind] = (*groups.get(kind, ()), as_read(each, kind))
    gaps: tuple[Gap, ...] = rest.pop("gaps", ())
    return Snapshot(taken_at=MOMENT, objects=groups, live=live, gaps=gaps, **rest)


def judged(judge: Any, each: Plain, *others: Plain, **rest: Any) -> Judgement:
    """What a judge says of an object among others."""
    snapshot = a_snapshot(each, *others, **rest)
    found: Judgement = judge(as_read(each, type_of(each)), snapshot)
    return found


def a_service(name: str = "web", *, ports: Any = ({"port": 80},), **spec: Any) -> Plain:
    """A Service that selects `app: <name>`."""
    spec = {"selector": {"app": name}, "ports": list(ports), **spec}
    return an_object("Service", name, spec=spec)


def a_slice(service: str = "web", *endpoints: Plain, ports: Any = ({"port": 8080},)) -> Plain:
    """An EndpointSlice of a Service."""
    made = an_object("EndpointSlice", f"{service}-x", "discovery.k8s.io/v1")
    made["metadata"]["labels"] = {"kubernetes.io/service-name": service}
    return {**made, "endpoints": list(endpoints), "ports": list(ports)}


def an_endpoint(address: str = "10.42.0.5", **conditions: bool | None) -> Plain:
    """An endpoint in that state."""
    return {"addresses": [address], "conditions": conditions}


def labelled(plain: Plain, **labels: str) -> Plain:
    """The same object with labels."""
    return {**plain, "metadata": {**plain["metadata"], "labels": labels}}


def a_route(*rules: Plain, api_version: str = TRAEFIK, name: str = "site", **spec: Any) -> Plain:
    """An IngressRoute with these rules."""
    return an_object("IngressRoute", name, api_version, spec={"routes": list(rules), **spec})


def a_rule(*services: Plain, host: str = "a.example", **rest: Any) -> Plain:
    """A rule that leads to these services; to port 80 of `web` where none is given."""
    backends = list(services) or [{"name": "web", "port": 80}]
    return {"match": f"Host(`{host}`)", "kind": "Rule", "services": backends, **rest}


def an_ingress(*paths: Plain, annotations: Plain | None = None, **spec: Any) -> Plain:
    """An Ingress with these paths on one host."""
    spec = {"rules": [{"host": "a.example", "http": {"paths": list(paths)}}], **spec}
    made = an_object("Ingress", "site", "networking.k8s.io/v1", spec=spec)
    made["metadata"]["annotations"] = annotations or {}
    return made


def a_path(service: str = "web", port: int | str = 80) -> Plain:
    """A path to a port of a Service, by number or name."""
    key = "name" if isinstance(port, str) else "number"
    return {"path": "/", "backend": {"service": {"name": service, "port": {key: port}}}}


WEB = (a_service(), a_slice("web", an_endpoint()))
"""A Service that is served."""
