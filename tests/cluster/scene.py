"""What stands in the namespaces before the bot's account tries anything, made by somebody else."""

from __future__ import annotations

from typing import Any

from tests.clusters.real import RealCluster

RESTRICTED = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [
        {
            "name": "a",
            "image": "a",
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            },
        }
    ],
}
"""A pod that Pod Security lets pass, so that only RBAC can stand in its way."""


def named(api_version: str, kind: str, name: str, **rest: Any) -> dict[str, Any]:
    """An object that has no more than is said."""
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **rest}


def within(namespace: str, made: dict[str, Any]) -> dict[str, Any]:
    """The object in a namespace."""
    return made | {"metadata": made["metadata"] | {"namespace": namespace}}


SCENE = [
    named("v1", "Node", "here"),
    within("apps", named("v1", "Secret", "precious", stringData={"a": "b"})),
    within("meshmedic", named("v1", "Secret", "meshmedic", stringData={"a": "b"})),
    within("apps", named("v1", "ConfigMap", "web", data={"a": "b"})),
    within("meshmedic", named("v1", "ConfigMap", "web", data={"a": "b"})),
    within("apps", named("v1", "Service", "web", spec={"ports": [{"port": 80}]})),
    within("apps", named("v1", "Endpoints", "web")),  # what the API server's own proxy reads
    within("apps", named("v1", "Pod", "web", spec=RESTRICTED)),
    within("meshmedic", named("coordination.k8s.io/v1", "Lease", "another")),
]


def set_the_scene(real: RealCluster) -> None:
    """Put all of it there."""
    real.apply(*SCENE)
