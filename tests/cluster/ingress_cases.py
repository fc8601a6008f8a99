"""Real Ingresses made ready for a real API server, many in one namespace without a clash."""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.errors import InputError
from bot.ingress_conversion.source import is_ingress
from bot.manifests import reader as manifests
from tests.conversion.expected import paths

Plain = dict[str, Any]

VARIABLE = re.compile(r"\$\{[^}]*\}")
"""What Flux fills in; any host does here."""

YOUNG = "networking.k8s.io/v1"
POD = "10.42.99.7"


@dataclass
class Case:
    """An Ingress of a file, as the file has it and as an API server takes it, and its Services."""

    origin: str
    ingress: Plain
    applied: Plain
    services: list[Plain] = field(default_factory=list)

    @property
    def namespace(self) -> str:
        return str(self.ingress["metadata"]["namespace"])

    @property
    def name(self) -> str:
        return str(self.ingress["metadata"]["name"])

    @property
    def is_default(self) -> bool:
        """Whether it is nothing but a default backend: Traefik takes one of these in all."""
        return not self.ingress["spec"].get("rules")


def cases(folder: Path, place: str) -> Iterator[Case]:
    """Every Ingress of the files below a folder, in the namespace `place`."""
    for path in sorted(folder.rglob("*.y*ml")):
        try:
            objects = manifests.parse(path.read_bytes(), path.name).objects
        except InputError:
            continue
        for each in objects:
            if is_ingress(each):
                yield a_case(path.name, each, objects, place)


def a_case(origin: str, ingress: Any, around: Iterable[object], place: str) -> Case:
    """A case with names of its own; references to the Ingress's own namespace follow it."""
    mark = f"-{next(_numbers)}"
    ingress = _filled(copy.deepcopy(ingress))
    metadata = ingress.setdefault("metadata", {})
    was = metadata.get("namespace") or "default"
    metadata |= {"namespace": place, "name": f"{_named(metadata.get('name'))[:40]}{mark}"}
    metadata["labels"] = {"origin": "a-case"}
    for key in ("creationTimestamp", "resourceVersion", "uid", "generation", "managedFields"):
        metadata.pop(key, None)
    ingress.pop("status", None)
    ingress.setdefault("spec", {})
    _moved(metadata, was, place)
    services = [_service(each, was, place) for each in _filled(list(around)) if _is_of(each, was)]
    for each in services:
        each["metadata"]["name"] += mark
    for backend in _every(ingress):
        _mark(backend, mark)
    return Case(origin, ingress, _as_v1(ingress), _completed(services, ingress, place))


def _mark(backend: Plain, mark: str) -> None:
    if isinstance(backend.get("serviceName"), str):
        backend["serviceName"] += mark
    elif isinstance((backend.get("service") or {}).get("name"), str):
        backend["service"]["name"] += mark


def _every(ingress: Plain) -> list[Plain]:
    spec = ingress["spec"]
    default = spec.get("defaultBackend") or spec.get("backend")
    every = [path.get("backend") for _, path in paths(ingress)] + [default]
    return list({id(each): each for each in every if each}.values())


_numbers = itertools.count(1)


def _is_of(each: object, namespace: str) -> bool:
    if not isinstance(each, dict) or each.get("kind") != "Service":
        return False
    return (each.get("metadata") or {}).get("namespace", "default") == namespace


def _filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _filled(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each) for each in value]
    return VARIABLE.sub("var.example", value) if isinstance(value, str) else value


def _named(name: object) -> str:
    return name if isinstance(name, str) and name else "unnamed"


def _moved(metadata: Plain, was: str, now: str) -> None:
    """References join namespace and name by a dash."""
    annotations = metadata.get("annotations") or {}
    for key, text in annotations.items():
        if isinstance(text, str) and "@kubernetescrd" in text:
            annotations[key] = re.sub(rf"(^|,\s*){re.escape(was)}-", rf"\g<1>{now}-", text)


def _service(each: Plain, was: str, place: str) -> Plain:
    metadata = {
        "name": each["metadata"]["name"],
        "namespace": place,
        "annotations": dict(each["metadata"].get("annotations") or {}),
    }
    _moved(metadata, was, place)
    spec = {key: value for key, value in each["spec"].items() if key in ("ports", "externalName")}
    if each["spec"].get("type") == "ExternalName":
        spec["type"] = "ExternalName"
    if each["spec"].get("clusterIP") == "None":
        spec["clusterIP"] = "None"
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def _completed(services: list[Plain], ingress: Plain, place: str) -> list[Plain]:
    """With the Services that the file lacks, each with the ports that are asked for."""
    have = {each["metadata"]["name"] for each in services}
    asked: dict[str, dict[Any, None]] = {}
    for name, port in _backends(ingress):
        if name not in have:
            asked.setdefault(name, {})[port] = None
    for name, ports in asked.items():
        spec = {"ports": [_port(number, each) for number, each in enumerate(ports)]}
        meta = {"name": name, "namespace": place}
        services.append({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec})
    for each in services:
        for number, port in enumerate(each["spec"].get("ports") or ()):
            if len(each["spec"]["ports"]) > 1:
                port.setdefault("name", f"p{number}")
            port.pop("nodePort", None)
    return services


def _port(number: int, asked: Any) -> Plain:
    if isinstance(asked, int):
        return {"name": f"p{number}", "port": asked}
    return {"name": asked, "port": 9000 + number}


def _backends(ingress: Plain) -> Iterator[tuple[str, Any]]:
    for each in map(_young, _every(ingress)):
        if each.get("service"):
            port = each["service"].get("port") or {}
            yield each["service"].get("name"), port.get("name") or port.get("number")


def _young(backend: Plain) -> Plain:
    """A backend as v1 writes it: what an API server makes of those of its elders."""
    if "serviceName" not in backend:
        return backend
    port = backend.get("servicePort")
    key = "number" if isinstance(port, int) else "name"
    return {"service": {"name": backend["serviceName"], "port": {key: port}}}


def _as_v1(ingress: Plain) -> Plain:
    made = copy.deepcopy(ingress) | {"apiVersion": YOUNG}
    spec = made["spec"]
    if default := spec.pop("backend", None) or spec.get("defaultBackend"):
        spec["defaultBackend"] = _young(default)
    for _, path in paths(made):
        path["backend"] = _young(path.get("backend") or {})
        path["pathType"] = path.get("pathType") or "ImplementationSpecific"
    return made


def slices(service: Plain) -> Plain:
    """One ready endpoint for each of a Service's ports."""
    name, place = service["metadata"]["name"], service["metadata"]["namespace"]
    ports = [
        {"name": each.get("name", ""), "port": 8000 + number, "protocol": "TCP"}
        for number, each in enumerate(service["spec"].get("ports") or ())
    ]
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{name}-1",
            "namespace": place,
            "labels": {"kubernetes.io/service-name": name},
        },
        "addressType": "IPv4",
        "ports": ports,
        "endpoints": [{"addresses": [POD], "conditions": {"ready": True}}],
    }
