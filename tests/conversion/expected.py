"""Which Ingresses must be refused: written apart from the conversion, so that the two can disagree.

It knows nothing of `bot`: only manifests as YAML has them, and Traefik's documentation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

T = "traefik.ingress.kubernetes.io/"
BOOLEAN = re.compile(r"1|t|T|TRUE|true|True|0|f|F|FALSE|false|False")
TLS_KEYS = r"tls(\.(options|certresolver|domains\.\d+\.(main|sans)))?"
ROUTER = (
    (
        (2, 10),
        re.compile(rf"(entrypoints|middlewares|priority|pathmatcher|{TLS_KEYS})", re.IGNORECASE),
    ),
    ((3, 1, 3), re.compile(r"rulesyntax", re.IGNORECASE)),
    ((3, 3), re.compile(r"observability(\.(accesslogs|metrics|tracing))?", re.IGNORECASE)),
    ((3, 5), re.compile(r"observability\.traceverbosity", re.IGNORECASE)),
)
COOKIE = r"cookie(\.(name|secure|httponly|samesite|maxage|path|domain))?"
SERVICE = (
    (
        (2, 10),
        re.compile(r"(serversscheme|serverstransport|passhostheader|nativelb)", re.IGNORECASE),
    ),
    ((2, 10), re.compile(rf"sticky(\.{COOKIE})?", re.IGNORECASE)),
    ((3, 1), re.compile(r"nodeportlb", re.IGNORECASE)),
    ((3, 7), re.compile(r"middlewares", re.IGNORECASE)),
)
FLAGS = re.compile(
    r"(passhostheader|nativelb|nodeportlb|observability\.(accesslogs|metrics|tracing))",
    re.IGNORECASE,
)


@dataclass
class World:
    """The objects around the Ingresses, by kind, namespace and name."""

    version: tuple[int, ...]
    objects: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)

    def add(self, each: Any) -> None:
        if isinstance(each, dict) and isinstance(each.get("metadata"), dict):
            meta = each["metadata"]
            key = (str(each.get("kind")), meta.get("namespace") or "default", meta.get("name"))
            self.objects[key] = each


def outcome(ingress: dict[str, Any], world: World) -> tuple[str, set[str]]:
    """`unchanged`, `converted` or `refused`, and all reasons for which it may be refused."""
    if "sops" in ingress:
        return "refused", {"encrypted"}
    if not _is_of_texts(ingress):
        return "refused", {"malformed"}
    if _of_another_class(ingress, world):
        return "unchanged", set()
    if wrong := set(_shape(ingress)):
        return "refused", wrong
    if not _backends(ingress):
        return "unchanged", set()
    if world.version < (2, 10):
        return "refused", {"traefik-too-old"}
    reasons = {*_annotated(ingress, world), *_matched(ingress, world), *_certified(ingress, world)}
    for name, _ in _backends(ingress):
        reasons |= set(_served(_namespace(ingress), name, world))
    return ("refused" if reasons else "converted"), reasons


def paths(ingress: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Host and path entry of each path."""
    rules = (ingress.get("spec") or {}).get("rules") or []
    return [
        (rule.get("host") or "", path)
        for rule in rules
        for path in (rule.get("http") or {}).get("paths") or []
    ]


def _default(ingress: dict[str, Any]) -> Any:
    spec = ingress.get("spec") or {}
    return spec.get("defaultBackend") or spec.get("backend")


def _backends(ingress: dict[str, Any]) -> list[tuple[str, Any]]:
    found = [path.get("backend") or {} for _, path in paths(ingress)]
    if not (ingress.get("spec") or {}).get("rules") and _default(ingress):
        found.append(_default(ingress))
    return [_pair(each) for each in found]


def _pair(backend: dict[str, Any]) -> tuple[str, Any]:
    if service := backend.get("service"):
        port = service.get("port") or {}
        return service.get("name") or "", port.get("name") or port.get("number")
    return backend.get("serviceName") or "", backend.get("servicePort")


def _is_of_texts(ingress: dict[str, Any]) -> bool:
    meta = ingress.get("metadata") or {}
    texts = [*(meta.get("annotations") or {}).values(), *(meta.get("labels") or {}).values()]
    return all(isinstance(each, str) for each in texts if each is not None)


def _shape(ingress: dict[str, Any]) -> Iterator[str]:
    spec = ingress.get("spec") or {}
    backends = [path.get("backend") or {} for _, path in paths(ingress)]
    for each in [*backends, *([_default(ingress)] if _default(ingress) is not None else [])]:
        if each.get("resource"):
            yield "resource-backend"
        name, port = _pair(each)
        young = ingress["apiVersion"] == "networking.k8s.io/v1"
        if not name or not port or young is not ("service" in each):
            yield "malformed"
    if (
        "defaultBackend" in spec
        and not spec["defaultBackend"]
        and spec["defaultBackend"] is not None
    ):
        yield "malformed"


def _of_another_class(ingress: dict[str, Any], world: World) -> bool:
    name = (ingress.get("spec") or {}).get("ingressClassName")
    if name:
        known = [
            each
            for (kind, _, n), each in world.objects.items()
            if (kind, n) == ("IngressClass", name)
        ]
        if known:
            return bool(known[0]["spec"]["controller"] != "traefik.io/ingress-controller")
        return "traefik" not in name.lower()
    return _annotations(ingress).get("kubernetes.io/ingress.class", "") not in ("", "traefik")


def _annotations(each: dict[str, Any]) -> dict[str, str]:
    return (each.get("metadata") or {}).get("annotations") or {}


def _namespace(each: dict[str, Any]) -> str:
    return str((each.get("metadata") or {}).get("namespace") or "default")


def _unknown(
    each: dict[str, Any], root: str, table: Iterable[Any], version: tuple[int, ...]
) -> bool:
    for key, value in _annotations(each).items():
        if not key.startswith(T) or not key[len(T) :].lower().startswith(f"{root}."):
            continue
        name = key[len(T) + len(root) + 1 :]
        if not any(version >= since and known.fullmatch(name) for since, known in table):
            return True
        if FLAGS.fullmatch(name) and not BOOLEAN.fullmatch(value):
            return True
        if name.lower() == "priority" and not re.fullmatch(r"[+-]?\d{1,18}", value):
            return True
    return False


def _said(each: dict[str, Any], name: str) -> str:
    found = [value for key, value in _annotations(each).items() if key.lower() == f"{T}{name}"]
    return found[0] if found else ""


def _annotated(ingress: dict[str, Any], world: World) -> Iterator[str]:
    if _unknown(ingress, "router", ROUTER, world.version):
        yield "rejected-annotation"
    listed = _said(ingress, "router.middlewares")
    for each in listed.split(",") if listed else ():
        yield from _referred(each.strip(), _namespace(ingress))
    options = _said(ingress, "router.tls.options")
    if options not in ("", "default"):
        yield from _referred(options, _namespace(ingress))


def _referred(name: str, namespace: str) -> Iterator[str]:
    if not re.fullmatch(r"[^@]+@(?!kubernetes$).+", name):
        yield "unresolved-reference"
    elif name.endswith("@kubernetescrd"):
        if re.search(r"[^\w@-]|--", name):
            yield "unresolved-reference"
        if not name.startswith(f"{namespace}-"):
            yield "cross-namespace"


def _matched(ingress: dict[str, Any], world: World) -> Iterator[str]:
    matcher = _said(ingress, "router.pathmatcher")
    for host, path in paths(ingress):
        if not host and not path.get("path"):
            yield "nothing-to-match"
        free = path.get("pathType") in (None, "", "ImplementationSpecific") and path.get("path")
        young = world.version >= (3,) and _said(ingress, "router.rulesyntax") != "v2"
        known = r"Path|PathPrefix|PathRegexp" if young else r"Path|PathPrefix"
        if free and matcher and not re.fullmatch(known, matcher):
            yield "unknown-path-matcher"


def _certified(ingress: dict[str, Any], world: World) -> Iterator[str]:
    said, namespace = _annotations(ingress), _namespace(ingress)
    given = {
        (place, (each.get("spec") or {}).get("secretName"))
        for (kind, place, _), each in world.objects.items()
        if kind == "Certificate"
    }
    wanted = [
        each
        for each in (ingress.get("spec") or {}).get("tls") or []
        if each.get("secretName") and each.get("hosts")
        if (namespace, each["secretName"]) not in given
    ]
    issuers = [key for key in ("issuer", "cluster-issuer") if said.get(f"cert-manager.io/{key}")]
    shimmed = issuers or said.get("kubernetes.io/tls-acme") == "true"
    unclear = len(issuers) != 1 or said.get("acme.cert-manager.io/http01-edit-in-place") == "true"
    if wanted and shimmed and unclear:
        yield "unclear-certificate"


def _served(namespace: str, name: str, world: World) -> Iterator[str]:
    service = world.objects.get(("Service", namespace, name))
    if service is None:
        return
    spec = service.get("spec") or {}
    if spec.get("type") == "ExternalName":
        yield "external-name"
    if spec.get("clusterIP") == "None":
        yield "headless-service"
    if _unknown(service, "service", SERVICE, world.version):
        yield "rejected-annotation"
    if any(key.lower().startswith(f"{T}service.sticky.cookie") for key in _annotations(service)):
        yield "sticky-sessions"
    if _said(service, "service.serversscheme") not in ("", "http", "https", "h2c"):
        yield "unknown-scheme"
    if transport := _said(service, "service.serverstransport"):
        yield from _referred(transport, namespace)


def faults(ingress: dict[str, Any], made: list[dict[str, Any]]) -> Iterator[str]:
    """What of a converted Ingress is not to be found in what was made of it."""
    routes = [each["spec"] for each in made if each["kind"] == "IngressRoute"]
    matches = {route["match"] for spec in routes for route in spec["routes"]}
    for host, path in paths(ingress):
        parts = [part for part in (host.lstrip("*"), (path.get("path") or "").rstrip("/")) if part]
        plain = [match.replace("\\", "") for match in matches]
        if not any(all(part.replace("\\", "") in match for part in parts) for match in plain):
            yield f"no route for {host}{path.get('path')}"
    secrets = {each.get("secretName") for each in (ingress.get("spec") or {}).get("tls") or []}
    loaded = {(spec.get("tls") or {}).get("secretName") for spec in routes}
    if lost := secrets - loaded - {None, ""}:
        yield f"secrets that nothing loads: {sorted(lost)}"
    if _said(ingress, "router.tls") == "" and not any(
        key.lower().startswith(f"{T}router.tls") for key in _annotations(ingress)
    ):
        said = _said(ingress, "router.entrypoints")
        for entry_point in [each.strip() for each in said.split(",")] if said else ["web"]:
            on = [spec for spec in routes if entry_point in spec.get("entryPoints", [entry_point])]
            served = {route["match"] for spec in on for route in spec["routes"]}
            if served != matches:
                yield f"entrypoint {entry_point} lost routes"
            if entry_point == "web" and any(spec.get("tls") and spec["routes"] for spec in on):
                yield "plain HTTP became TLS"
    for route in (route for spec in routes for route in spec["routes"]):
        if any(
            each.get("nativeLB") is not True or "strategy" in each for each in route["services"]
        ):
            yield f"no nativeLB: {json.dumps(route)[:200]}"
