"""The schemas of CRDs as an API server with strict field validation holds objects against them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

TRAEFIK = ("v2.10.7", "v2.11.0", "v3.0.0", "v3.7.9")
"""The versions whose CRDs are at hand."""

FILE = "kubernetes-crd-definition-v1.yml"


def fitting(version: tuple[int, ...]) -> str:
    """The newest CRDs that are not newer than a Traefik of this version."""
    known = {tuple(map(int, each[1:].split("."))): each for each in TRAEFIK}
    return known[max(each for each in known if each <= version)]


@cache
def schema(file: Path, group: str, kind: str) -> dict[str, Any]:
    """The schema of a kind, in which a field that it does not know is an error."""
    for crd in yaml.load_all(file.read_bytes(), Loader=yaml.CSafeLoader):
        names = crd["spec"] if crd else {}
        if names and (names["group"], names["names"]["kind"]) == (group, kind):
            versions = [each for each in names["versions"] if each["served"]]
            return strict(versions[0]["schema"]["openAPIV3Schema"])
    raise LookupError(f"no {kind} of {group} in {file}")


def strict(node: Any) -> Any:
    """The same schema, without room for what it does not name."""
    if isinstance(node, list):
        return [strict(each) for each in node]
    if not isinstance(node, dict):
        return node
    made = {key: strict(value) for key, value in node.items() if key != "format"}
    if made.get("type") == "object" and isinstance(node.get("properties"), dict):
        made.setdefault("additionalProperties", "metadata" not in node["properties"] and False)
    if isinstance(made.get("properties"), dict) and "metadata" in made["properties"]:
        made["properties"]["metadata"] = {"type": "object"}
    return made


def ingress_route_errors(
    manifest: dict[str, Any], data: Path, version: tuple[int, ...]
) -> list[str]:
    """What an API server with the CRD of that Traefik would say of an IngressRoute."""
    group = manifest["apiVersion"].partition("/")[0]
    file = data / "crds/traefik" / fitting(version) / FILE
    return errors(manifest, schema(file, group, "IngressRoute"))


def errors(manifest: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """Each violation, with its place."""
    found = jsonschema.Draft202012Validator(wanted).iter_errors(manifest)
    return [f"{each.json_path}: {each.message[:200]}" for each in found]
