"""What `deploy/` becomes: overlays built by kustomize, and sent to the real API server."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.clusters import crds
from tests.clusters.real import RealCluster
from tests.places import ROOT

DEPLOY = ROOT / "deploy"
LISTED = (DEPLOY / "example/namespaces.yaml").read_text()
"""The namespaces in which an approved change may write, as the example lists them."""

COMPONENTS = tuple(sorted(path.name for path in (DEPLOY / "components").iterdir()))
NAMESPACES = ("apps", "media", "flux-system")
"""Whatever else stands in a homelab: the listed namespaces, and Flux's own."""

RIGHTS = (
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "ValidatingAdmissionPolicyBinding",
)
"""Not the policies, which do nothing without a binding."""

SERVICE_MONITOR = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {
        "name": "servicemonitors.monitoring.coreos.com",
        "annotations": {"api-approved.kubernetes.io": "unapproved, the tests' own"},
    },
    "spec": {
        "group": "monitoring.coreos.com",
        "scope": "Namespaced",
        "names": {"kind": "ServiceMonitor", "plural": "servicemonitors"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "required": ["spec"],
                        "properties": {
                            "spec": {
                                "type": "object",
                                "required": ["endpoints", "selector"],
                                "properties": {
                                    "selector": {
                                        "type": "object",
                                        "properties": {
                                            "matchLabels": {
                                                "type": "object",
                                                "additionalProperties": {"type": "string"},
                                            }
                                        },
                                    },
                                    "endpoints": {
                                        "type": "array",
                                        "items": {
                                            "type": "object",
                                            "properties": {
                                                "port": {"type": "string"},
                                                "path": {"type": "string"},
                                                "interval": {"type": "string"},
                                            },
                                        },
                                    },
                                },
                            }
                        },
                    }
                },
            }
        ],
    },
}
"""The few fields that we use, as the Prometheus operator has them."""


def install_kinds(real: RealCluster, data: Path) -> None:
    """Every kind that the checks and the components know; what is served already stays."""
    real.install(crds.installed(data))
    real.install([SERVICE_MONITOR])
    for name in NAMESPACES:
        real.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})


def overlay(
    folder: Path,
    components: Sequence[str],
    *,
    bindings: str = "",
    settings: Sequence[str] = (),
    patches: Sequence[Mapping[str, Any]] = (),
) -> Path:
    """A homelab's own folder, with these components and none of the example's choices.

    settings: Each as NAME=value.
    """
    folder.mkdir(parents=True, exist_ok=True)
    here = os.path.relpath(DEPLOY, folder.resolve())
    resources = [f"{here}/base"]
    if bindings:
        (folder / "namespaces.yaml").write_text(bindings)
        resources.append("namespaces.yaml")
    made = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": resources,
        "components": [f"{here}/components/{each}" for each in components],
        "patches": list(patches),
    }
    if settings:
        named = {"name": "meshmedic-settings", "namespace": "meshmedic", "behavior": "merge"}
        more = {"literals": list(settings), "options": {"immutable": True}}
        made["configMapGenerator"] = [named | more]
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(made))
    return folder


def built(real: RealCluster, folder: Path) -> str:
    """What `kubectl kustomize` makes of a folder."""
    return real.kubectl("kustomize", str(folder))


def objects(manifests: str) -> list[dict[str, Any]]:
    """The objects of a stream of YAML."""
    return [each for each in yaml.safe_load_all(manifests) if each]


def send(real: RealCluster, manifests: str, *options: str) -> None:
    """Apply strictly: an unknown field and every warning is an error."""
    real.kubectl(
        *("apply", "--server-side", "--validate=strict", "--warnings-as-errors", "-f", "-"),
        *options,
        given=manifests,
    )


def install(real: RealCluster, manifests: str) -> None:
    """Apply for good, the kind `Change` and the namespaces first, and wait for the controllers."""
    first = [
        each
        for each in objects(manifests)
        if each["kind"] in ("CustomResourceDefinition", "Namespace")
    ]
    send(real, yaml.safe_dump_all(first))
    real.kubectl("wait", "--for=condition=Established", "crd/changes.meshmedic.dev")
    send(real, manifests)
    until(lambda: viewer_rules(real))


def install_only(real: RealCluster, folder: Path, components: Sequence[str], **how: Any) -> None:
    """The base with these components, and no right that another component gave before."""
    wanted = built(real, overlay(folder / "wanted", components, **how))
    kept = {_identity(each) for each in objects(wanted)}
    everything = objects(built(real, overlay(folder / "everything", COMPONENTS)))
    surplus = [
        each
        for each in everything
        # Once no policy has parameters of a kind, the API server reads that kind for policies
        # again only after a restart; and those policies narrow what without them is forbidden.
        if each["kind"] in RIGHTS and not each.get("spec", {}).get("paramRef")
        if _identity(each) not in kept
    ]
    if surplus:
        given = yaml.safe_dump_all(surplus)
        real.kubectl("delete", "--ignore-not-found", "-f", "-", given=given)
    install(real, wanted)
    inventory = "secret-inventory" in components
    until(lambda: inventory == any("secrets" in rule["resources"] for rule in viewer_rules(real)))


def _identity(made: dict[str, Any]) -> tuple[str, str, str]:
    """What no two objects share: kind, namespace and name."""
    metadata = made["metadata"]
    return made["kind"], metadata.get("namespace", ""), metadata["name"]


def viewer_rules(real: RealCluster) -> list[dict[str, Any]]:
    """What the aggregated role gives at the moment."""
    rules: list[dict[str, Any]] = real.read("clusterrole", "meshmedic-viewer").get("rules") or []
    return rules


def until(true: Callable[[], object], seconds: float = 20) -> None:
    """Wait for what a controller does after us."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "the controllers did not act in time"
        time.sleep(0.1)
