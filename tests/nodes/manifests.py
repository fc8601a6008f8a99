"""What runs beside the bot: CoreDNS and Traefik as k3s installs them, and applications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.nodes.place import ADDRESSES, SERVER

FOLDER = Path(__file__).with_name("manifests")
HOST = "web.lab.example.org"

Object = Mapping[str, Any]


def read(name: str) -> Iterator[Object]:
    """The objects of a file in manifests/."""
    yield from yaml.safe_load_all((FOLDER / f"{name}.yaml").read_text())


def namespace(name: str) -> Object:
    """A namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def web(
    namespace: str, name: str, node: str = "", replicas: int = 1, image: str = "localhost/busybox:1"
) -> Iterator[Object]:
    """A web application that answers with its node's name, and its Service on port 80."""
    labels = {"app": name}
    yield {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "nodeSelector": {"kubernetes.io/hostname": node} if node else {},
                    "terminationGracePeriodSeconds": 1,
                    "containers": [_httpd(image)],
                },
            },
        },
    }
    ports = [{"name": "http", "port": 80, "targetPort": "http"}]
    yield {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": labels, "ports": ports},
    }


def ingress(namespace: str, name: str, host: str = HOST) -> Object:
    """A route to a Service's port 80."""
    service = {"service": {"name": name, "port": {"number": 80}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": service}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"rules": [{"host": host, "http": {"paths": paths}}]},
    }


def homelab() -> Sequence[Object]:
    """The runbook's homelab: Traefik on the server, and its application on the last node."""
    *_, last = ADDRESSES
    assert last != SERVER
    return [
        *read("coredns"),
        *read("traefik"),
        namespace("apps"),
        namespace("media"),
        *web("apps", "web", node=last),
        ingress("apps", "web"),
    ]


def _httpd(image: str) -> Object:
    serve = (
        "mkdir -p /tmp/www && echo $NODE >/tmp/www/index.html && exec httpd -f -p 80 -h /tmp/www"
    )
    node = {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
    return {
        "name": "web",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", serve],
        "env": [node],
        "ports": [{"containerPort": 80, "name": "http"}],
        "readinessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 3},
    }
