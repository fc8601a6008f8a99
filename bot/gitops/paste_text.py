"""The text to paste where there is no pull request: what the edit means, in the owner's terms."""

from __future__ import annotations

from typing import Any, assert_never

from bot.gitops.domain.file_edit import EditKind, FileEdit
from bot.gitops.domain.ownership import Keeper, ObjectOwner
from bot.manifests.writer import written
from bot.routing.native_lb import ANNOTATION, FIELD


def paste(edit: FileEdit, owner: ObjectOwner | None = None) -> str:
    """A patch of the object as kustomize takes it, in a HelmRelease a post-renderer with it.

    A replaced Ingress has no patch: there it is the manifests. Services must be named one by one.
    """
    if edit.kind is EditKind.REPLACE:
        head = f"# In place of the Ingress {edit.object.namespace}/{edit.object.name}:\n"
        return head + written(edit.manifests)
    patches = {"patches": [{"target": _target(edit), "patch": _patch(edit)}]}
    if owner is None or owner.keeper is not Keeper.HELM_RELEASE:
        return "# In the kustomization.yaml:\n" + written([patches])
    rendered = {"spec": {"postRenderers": [{"kustomize": patches}]}}
    return f"# In the HelmRelease {owner.namespace}/{owner.name}:\n" + written([rendered])


def _target(edit: FileEdit) -> dict[str, Any]:
    target = {"kind": edit.object.kind, "name": edit.object.name}
    return {"group": edit.object.group, **target} if edit.object.group else target


def _patch(edit: FileEdit) -> str:
    match edit.kind:
        case EditKind.ANNOTATE:
            metadata = {"name": edit.object.name, "annotations": {ANNOTATION: "true"}}
            return written([{"apiVersion": "v1", "kind": "Service", "metadata": metadata}])
        case EditKind.NATIVE_LB:
            places = [(service.route, service.service) for service in edit.services]
            paths = (f"/spec/routes/{one}/services/{other}/{FIELD}" for one, other in places)
            return "".join(f"- op: add\n  path: {path}\n  value: true\n" for path in paths)
        case EditKind.REPLACE:
            return ""
        case _:
            assert_never(edit.kind)


def by_default(owner: ObjectOwner | None = None) -> str:
    """Traefik's own values by which every route goes by VIPs, for the chart that runs it.

    Source: Traefik 3.0 (2.x has none), where the two providers have `nativeLBByDefault`.
    k3s's Traefik takes the same below `valuesContent` of a HelmChartConfig.
    """
    providers = {
        provider: {"nativeLBByDefault": True} for provider in ("kubernetesCRD", "kubernetesIngress")
    }
    values = {"providers": providers}
    if owner is not None and owner.keeper is Keeper.HELM_RELEASE:
        head = f"# In the HelmRelease {owner.namespace}/{owner.name} that runs Traefik:\n"
        return head + written([{"spec": {"values": values}}])
    config = {
        "apiVersion": "helm.cattle.io/v1",
        "kind": "HelmChartConfig",
        "metadata": {"name": "traefik", "namespace": "kube-system"},
        "spec": {"valuesContent": written([values])},
    }
    return written([config])
