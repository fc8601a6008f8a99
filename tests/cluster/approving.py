"""What stands in a namespace before an approved change writes there, and requests to write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.cluster.asking import Somebody
from tests.cluster.scene import named

JSON = "application/json"
MERGE = "application/merge-patch+json"
STEPWISE = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"
RECONCILE = "kustomize.toolkit.fluxcd.io/reconcile"
NATIVE_LB = "traefik.ingress.kubernetes.io/service.nativelb"
OURS = {"app.kubernetes.io/managed-by": "meshmedic"}
V1ALPHA1 = "traefik.io/v1alpha1"


def services(namespace: str) -> str:
    """Where the Services of a namespace are."""
    return f"/api/v1/namespaces/{namespace}/services"


def routes(namespace: str, group: str = V1ALPHA1) -> str:
    """Where the IngressRoutes of a namespace are."""
    return f"/apis/{group}/namespaces/{namespace}/ingressroutes"


def ingresses(namespace: str) -> str:
    """Where the Ingresses of a namespace are."""
    return f"/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses"


def certificates(namespace: str) -> str:
    """Where the Certificates of a namespace are."""
    return f"/apis/cert-manager.io/v1/namespaces/{namespace}/certificates"


def a_certificate(name: str, owner: dict[str, Any]) -> dict[str, Any]:
    """One that belongs to something."""
    spec = {"secretName": f"{name}-tls", "issuerRef": {"name": "letsencrypt"}}
    made = named("cert-manager.io/v1", "Certificate", name, spec=spec)
    return marked(made, ownerReferences=[owner])


def an_event(component: str) -> dict[str, Any]:
    """A record about the Service, in somebody's name."""
    made = named("v1", "Event", "told", source={"component": component})
    about = {"kind": "Service", "namespace": "apps", "name": "written"}
    return made | {"involvedObject": about, "reason": "ChangeDone", "type": "Normal"}


def marked(made: dict[str, Any], **metadata: Mapping[str, str] | list[Any]) -> dict[str, Any]:
    """The object with labels, annotations or owners."""
    return made | {"metadata": made["metadata"] | metadata}


def an_ingress_route(name: str, /, **service: Any) -> dict[str, Any]:
    """Two rules, of which the first leads to two Services; `service` changes the first of them."""
    first = {"name": "web", "port": 80} | service
    two = [first, {"name": "other", "port": 80}]
    rules = [
        {"kind": "Rule", "match": "Host(`a.example`)", "services": two},
        {"kind": "Rule", "match": "Host(`b.example`)", "services": [{"name": "web", "port": 80}]},
    ]
    return named(V1ALPHA1, "IngressRoute", name, spec={"entryPoints": ["web"], "routes": rules})


def an_ingress(name: str) -> dict[str, Any]:
    """One backend for everything."""
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    return named("networking.k8s.io/v1", "Ingress", name, spec={"defaultBackend": backend})


OWNER = [{"apiVersion": "v1", "kind": "Node", "name": "here", "uid": "a"}]
KEPT_BY: dict[str, dict[str, Any]] = {
    "flux": {"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}},
    "helm": {"labels": {"app.kubernetes.io/managed-by": "Helm"}},
    "owner": {"ownerReferences": OWNER},
}
SERVICE = named("v1", "Service", "written", spec={"ports": [{"port": 80}], "selector": {"a": "b"}})
BEFORE = {
    services: [SERVICE],
    routes: [an_ingress_route("web"), marked(an_ingress_route("ours"), labels=OURS)],
    ingresses: [
        an_ingress("web"),
        *(marked(an_ingress(name), **how) for name, how in KEPT_BY.items()),
    ],
}


def put_back(admin: Somebody, namespace: str) -> None:
    """Make a namespace as it was before."""
    # What names an owner that is not there is collected as garbage.
    OWNER[0]["uid"] = admin.ask("GET", "/api/v1/nodes/here").body["metadata"]["uid"]
    for at, things in BEFORE.items():
        admin.ask("DELETE", f"{at(namespace)}/made")
        for thing in things:
            admin.ask("DELETE", f"{at(namespace)}/{thing['metadata']['name']}")
            answer = admin.ask("POST", at(namespace), thing)
            assert answer.done, answer.said
    admin.ask("DELETE", f"/api/v1/namespaces/{namespace}/events/told")
    uid = admin.ask("GET", f"{ingresses(namespace)}/web").body["metadata"]["uid"]
    of_ingress = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "name": "web",
        "uid": uid,
    }
    for name, owner in (("of-an-ingress", of_ingress), ("of-a-node", OWNER[0])):
        admin.ask("DELETE", f"{certificates(namespace)}/{name}")
        answer = admin.ask("POST", certificates(namespace), a_certificate(name, owner))
        assert answer.done, answer.said


Request = tuple[str, str, Any, str]


def annotated(name: str, value: str | None) -> dict[str, Any]:
    """A patch of one annotation."""
    return {"metadata": {"annotations": {name: value}}}


def merge(path: str, body: dict[str, Any]) -> Request:
    """A merge patch."""
    return ("PATCH", path, body, MERGE)


def step(op: str, path: str, at: str, **value: Any) -> Request:
    """A JSON patch of one operation; `value` is its value, or its `from`."""
    named_from = {key.rstrip("_"): each for key, each in value.items()}
    return ("PATCH", path, [{"op": op, "path": at, **named_from}], STEPWISE)


def create(at: str, body: dict[str, Any]) -> Request:
    """A new object."""
    return ("POST", at, body, JSON)


def delete(path: str) -> Request:
    """An object's end."""
    return ("DELETE", path, None, JSON)
