"""Objects as YAML documents that every reader of Kubernetes manifests reads alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

MISTAKEN = re.compile(r"[0-9+\-.~].*|[yYnN]", re.DOTALL)
"""Strings that Go's YAML would take for a number or a boolean where Python's would not."""


class _Dumper(yaml.SafeDumper):
    """Without anchors: what is shared in memory is written out."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  # PyYAML's own signature
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "'" if MISTAKEN.fullmatch(value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def documents(objects: Iterable[Mapping[str, Any]]) -> bytes:
    """One document each, in order, with the keys in order; empty where there is none."""
    written = (
        yaml.dump(dict(object_), Dumper=_Dumper, sort_keys=False, width=100) for object_ in objects
    )
    return "".join(f"---\n{document}" for document in written).encode()


def written(manifests: Iterable[Mapping[str, Any]]) -> str:
    """Without a mark before the first."""
    return documents(manifests).decode().removeprefix("---\n")
