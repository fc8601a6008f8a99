"""Objects that a real API server takes as they are, without defaults that would look like news."""

from __future__ import annotations

from tests.clusters import Plain

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

PODS = "/api/v1/pods"
MAPS = "/api/v1/namespaces/web/configmaps"
CERTIFICATES = "/apis/cert-manager.io/v1/certificates"


def a_pod(name: str, namespace: str = "web", *, node: str = "n1", **labels: str) -> Plain:
    """A pod that nothing has started: a real server says Pending by itself."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"nodeName": node, "containers": [{"name": "app", "image": "nginx"}]},
    }


def a_map(name: str, namespace: str = "web", *, value: str = "", **labels: str) -> Plain:
    """A ConfigMap: no status, no defaults, one write is one event."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "data": {"value": value},
    }


def a_certificate(name: str = "blog") -> Plain:
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": name, "namespace": "web"},
        "spec": {"secretName": f"{name}-tls", "issuerRef": {"name": "letsencrypt"}},
    }
