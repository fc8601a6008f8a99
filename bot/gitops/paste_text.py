"""The text to paste where no pull request is possible, in the terms of the object's owner."""

from __future__ import annotations

from typing import Any, assert_never

from bot.gitops.domain.file_edit import EditKind, FileEdit
from bot.gitops.domain.ownership import Keeper, ObjectOwner
from bot.manifests.writer import written
from bot.routing.native_lb import ANNOTATION, FIELD


def paste(edit: FileEdit, owner: ObjectOwner | None = None) -> str:
    """A patch for kustomize, in a HelmRelease as a post-renderer.

    For a replaced Ingress it is the manifests. Services must be named one by one.
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
            paths = (
                f"/spec/routes/{chosen.route}/services/{chosen.service}/{FIELD}"
                for chosen in edit.services
            )
            return "".join(f"- op: add\n  path: {path}\n  value: true\n" for path in paths)
        case EditKind.REPLACE:
            return ""
        case _:
            assert_never(edit.kind)
