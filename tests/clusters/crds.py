"""The CRDs that a homelab has: each project's newest, and Traefik's old group beside the new.

Those of the Gateway API are not in the data, and stand-ins without a schema.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import yaml

from bot.domain.resources.registry import KINDS
from bot.sandbox.kubernetes_api.served import GATEWAY_API, RESOURCES, Resource
from tests.clusters import Plain

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
OLD_GROUP = "traefik.containo.us"
NEWEST_WITH_OLD_GROUP = "v2.11.0"


def _release(folder: Path) -> tuple[int, ...]:
    return tuple(int(each) for each in re.findall(r"\d+", folder.name))


@cache
def installed(data: Path) -> tuple[Plain, ...]:
    """The CRDs of our groups in `data`/crds, the newest, without webhooks that nobody answers."""
    projects = {release.parent for release in (data / "crds").rglob("v*") if release.is_dir()}
    newest = [max(project.glob("v*"), key=_release) for project in sorted(projects)]
    folders = [*newest, data / "crds" / "traefik" / NEWEST_WITH_OLD_GROUP]
    found: dict[str, Plain] = {}
    for path in (path for folder in folders for path in sorted(folder.glob("*.y*ml"))):
        for document in yaml.load_all(path.read_text(), LOADER):
            if document and document.get("kind") == "CustomResourceDefinition" and _read(document):
                found.setdefault(document["metadata"]["name"], _bare(document))
    stand_ins = (_stand_in(kind) for kind in RESOURCES if kind.group == GATEWAY_API)
    return (*found.values(), *stand_ins)


def _read(crd: Plain) -> bool:
    """Whether the bot reads this group; Traefik starts only where all kinds of its own are."""
    return any(crd["spec"]["group"] in kind.groups for kind in KINDS)


def _stand_in(resource: Resource) -> Plain:
    """It takes any object; without the annotation a server refuses groups of `k8s.io`."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    versions = [
        {
            "name": version,
            "served": True,
            "storage": version == resource.versions[0],
            "schema": {"openAPIV3Schema": anything},
            "subresources": {"status": {}},
        }
        for version in resource.versions
    ]
    names = {
        "kind": resource.kind,
        "listKind": f"{resource.kind}List",
        "plural": resource.plural,
        "singular": resource.kind.lower(),
        "shortNames": list(resource.short_names),
    }
    scope = "Namespaced" if resource.namespaced else "Cluster"
    approved = {"api-approved.kubernetes.io": "unapproved, a stand-in for tests"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": resource.qualified, "annotations": approved},
        "spec": {"group": resource.group, "names": names, "scope": scope, "versions": versions},
    }


def _bare(crd: Plain) -> Plain:
    kept = {name: value for name, value in crd["spec"].items() if name != "conversion"}
    meta = {"name": crd["metadata"]["name"]}
    return {"apiVersion": crd["apiVersion"], "kind": crd["kind"], "metadata": meta, "spec": kept}


def without(definitions: Iterable[Plain], dropped: Iterable[str]) -> list[Plain]:
    """The CRDs that change when these groups and versions are no longer served.

    Nothing is deleted: to a client, a kind without a served version is not there, and its objects
    come back with it.
    """
    dropped = set(dropped)
    changed = []
    for crd in definitions:
        group = crd["spec"]["group"]
        mine = {f"{group}/{version['name']}" for version in crd["spec"]["versions"]}
        if group in dropped or mine & dropped:
            changed.append(copy.deepcopy(crd))
            for version in changed[-1]["spec"]["versions"]:
                gone = dropped & {group, f"{group}/{version['name']}"}
                version["served"] = not gone
    return changed
