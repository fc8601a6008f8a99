"""Whether something in a kustomization changes an object after its file was read.

Where that is not certain, it does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import yaml

from bot.core.native_lb import ANNOTATION
from bot.gitops.refusals import Reason, Stop
from bot.gitops.source import mapping

HISTORY: TypeAlias = tuple[str, ...]
"""The names that an object had, layer by layer; kustomize knows it by each."""

Read: TypeAlias = Callable[[str], list[Any]]
"""The documents of a file that the kustomization names."""

SIMPLE = re.compile(r"[\w.|()-]*(?:\*[\w.|()-]*){0,3}")
"""Patterns that are tried: those of Go and of Python mean the same, and take no time."""

Against: TypeAlias = tuple[Reason, str]


def touches(
    own: Mapping[str, Any], names: HISTORY, manifest: Mapping[str, Any], read: Read
) -> tuple[Against, ...]:
    """What of a kustomization changes this object."""
    return tuple(_touching(own, names, manifest, read))


def _touching(
    own: Mapping[str, Any], names: HISTORY, manifest: Mapping[str, Any], read: Read
) -> Iterator[Against]:
    kind = str(manifest.get("kind"))
    for key in ("patches", "patchesStrategicMerge", "patchesJson6902"):
        if any(_patches(each, names, kind, read) for each in _list(own.get(key))):
            yield Reason.PATCHED, key
    if own.get("transformers"):
        yield Reason.TRANSFORMED, "transformers"
    if any(_replaces(each, names, kind, read) for each in _list(own.get("replacements"))):
        yield Reason.TRANSFORMED, "replacements"
    if own.get("vars") and "$(" in str(manifest):
        yield Reason.TRANSFORMED, "vars"
    moves = any(own.get(key) for key in ("namePrefix", "nameSuffix", "namespace"))
    if own.get("configurations") and moves:
        yield Reason.TRANSFORMED, "configurations"
    if ANNOTATION in mapping(own.get("commonAnnotations")):
        yield Reason.TRANSFORMED, "commonAnnotations"


def _patches(patch: object, names: HISTORY, kind: str, read: Read) -> bool:
    if isinstance(patch, str):
        return _merges(patch, names, kind, read)
    given = mapping(patch)
    if target := mapping(given.get("target")):
        return _selects(target, names, kind)
    return _merges(given.get("patch") or given.get("path"), names, kind, read)


def _merges(patch: object, names: HISTORY, kind: str, read: Read) -> bool:
    """Whether a strategic merge patch, inline or a file's name, is of this object."""
    if isinstance(patch, Mapping):
        documents: list[Any] = [patch]
    elif not isinstance(patch, str):
        return True
    else:
        documents = _inline(patch) if "\n" in patch or ":" in patch else _of(read, patch)
    found = [each for each in documents if each is not None]
    return not found or any(_is_of(each, names, kind) for each in found)


def _inline(patch: str) -> list[Any]:
    try:
        return list(yaml.safe_load_all(patch))
    except (yaml.YAMLError, ValueError, RecursionError):
        return []


def _of(read: Read, path: str) -> list[Any]:
    try:
        return read(path)
    except Stop:
        return []


def _is_of(patch: object, names: HISTORY, kind: str) -> bool:
    if not isinstance(patch, Mapping) or "metadata" not in patch:
        return True
    name = mapping(patch["metadata"]).get("name")
    return bool(patch.get("kind") == kind and name in names)


def _selects(target: Mapping[str, Any], names: HISTORY, kind: str) -> bool:
    """Whether a selector is of this object, by kind and name: a label may be added on the way."""
    return _fits(target.get("kind"), (kind,)) and _fits(target.get("name"), names)


def _fits(pattern: object, values: tuple[str, ...]) -> bool:
    """Whether an anchored pattern fits one of the values; one that is not tried does."""
    if not isinstance(pattern, str) or not pattern or not SIMPLE.fullmatch(pattern):
        return True
    try:
        return any(re.fullmatch(pattern, each) for each in values)
    except re.error:
        return True


def _replaces(replacement: object, names: HISTORY, kind: str, read: Read) -> bool:
    given = mapping(replacement)
    if path := given.get("path"):
        found = _of(read, str(path))
        flat = [one for each in found for one in (each if isinstance(each, list) else [each])]
        return not flat or any(_replaces(each, names, kind, read) for each in flat)
    targets = _list(given.get("targets"))
    return not targets or any(
        _selects(mapping(mapping(each).get("select")), names, kind) for each in targets
    )


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []
