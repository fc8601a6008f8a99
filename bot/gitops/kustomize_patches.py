"""Whether a kustomization changes an object after its file was read; if in doubt, it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from bot.gitops.refusals import FileReason, Stop
from bot.gitops.selector_pattern import may_fit
from bot.gitops.source import mapping
from bot.routing.native_lb import ANNOTATION

HISTORY: TypeAlias = tuple[str, ...]
"""The names of an object, layer by layer; patches may use each of them."""

Read: TypeAlias = Callable[[str], list[Any]]
"""Reads the documents of a patch: inline YAML, or the name of a file."""

PATCHING = ("patches", "patchesStrategicMerge", "patchesJson6902")
Against: TypeAlias = tuple[FileReason, str]


def weight(own: Mapping[str, Any]) -> int:
    """What it costs to compare one object with a kustomization: the nodes of all its patches."""
    return 1 + sum(_nodes(own.get(key)) for key in (*PATCHING, "replacements"))


def _nodes(value: object) -> int:
    if isinstance(value, Mapping):
        return 1 + sum(_nodes(below) for below in value.values())
    if isinstance(value, list):
        return 1 + sum(_nodes(below) for below in value)
    return 1


def touches(
    own: Mapping[str, Any], names: HISTORY, manifest: Mapping[str, Any], read: Read
) -> tuple[Against, ...]:
    """Why a kustomization changes this object; empty if it does not."""
    return tuple(_touching(own, names, manifest, read))


def _touching(
    own: Mapping[str, Any], names: HISTORY, manifest: Mapping[str, Any], read: Read
) -> Iterator[Against]:
    kind = str(manifest.get("kind"))
    for key in PATCHING:
        if any(_patches(patch, names, kind, read) for patch in _list(own.get(key))):
            yield FileReason.PATCHED, key
    if own.get("transformers"):
        yield FileReason.TRANSFORMED, "transformers"
    if any(
        _replaces(replacement, names, kind, read) for replacement in _list(own.get("replacements"))
    ):
        yield FileReason.TRANSFORMED, "replacements"
    if own.get("vars") and "$(" in str(manifest):
        yield FileReason.TRANSFORMED, "vars"
    moves = any(own.get(key) for key in ("namePrefix", "nameSuffix", "namespace"))
    if own.get("configurations") and moves:
        yield FileReason.TRANSFORMED, "configurations"
    if ANNOTATION in mapping(own.get("commonAnnotations")):
        yield FileReason.TRANSFORMED, "commonAnnotations"


def _patches(patch: object, names: HISTORY, kind: str, read: Read) -> bool:
    if isinstance(patch, str):
        return _merges(patch, names, kind, read)
    entry = mapping(patch)
    if target := mapping(entry.get("target")):
        return _selects(target, names, kind)
    return _merges(entry.get("patch") or entry.get("path"), names, kind, read)


def _merges(patch: object, names: HISTORY, kind: str, read: Read) -> bool:
    """Whether a strategic merge patch, inline or in a file, is for this object."""
    if isinstance(patch, Mapping):
        documents: list[Any] = [patch]
    elif not isinstance(patch, str):
        return True
    else:
        documents = _of(read, patch)
    targets = [document for document in documents if document is not None]
    return not targets or any(_is_of(target, names, kind) for target in targets)


def _of(read: Read, patch: str) -> list[Any]:
    try:
        return read(patch)
    except Stop:
        return []


def _is_of(patch: object, names: HISTORY, kind: str) -> bool:
    if not isinstance(patch, Mapping) or "metadata" not in patch:
        return True
    name = mapping(patch["metadata"]).get("name")
    return bool(patch.get("kind") == kind and name in names)


def _selects(target: Mapping[str, Any], names: HISTORY, kind: str) -> bool:
    """Whether a selector matches this object by kind and name; labels may be added later."""
    return _fits(target.get("kind"), (kind,)) and _fits(target.get("name"), names)


def _fits(pattern: object, values: tuple[str, ...]) -> bool:
    """Whether an anchored pattern may match one of the values."""
    if not isinstance(pattern, str) or not pattern:
        return True
    return any(may_fit(pattern, value) for value in values)


def _replaces(replacement: object, names: HISTORY, kind: str, read: Read) -> bool:
    path = mapping(replacement).get("path")
    documents = _of(read, str(path)) if path else [replacement]
    flat = [
        replacement
        for document in documents
        for replacement in (document if isinstance(document, list) else [document])
    ]
    # A file of replacements cannot name another file: without targets it may match any object.
    targets = [_list(mapping(one).get("targets")) for one in flat]
    return not flat or any(not some or _targets(some, names, kind) for some in targets)


def _targets(targets: list[Any], names: HISTORY, kind: str) -> bool:
    selections = (mapping(mapping(target).get("select")) for target in targets)
    return any(_selects(selection, names, kind) for selection in selections)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []
