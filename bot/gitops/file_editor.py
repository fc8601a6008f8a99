"""Edit the file of one object.

Every other byte stays; the text is parsed before and after, and the difference must be the
intended one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

import yaml

from bot.gitops.documents import Original, at, encrypted
from bot.gitops.domain.file_edit import Chosen, EditKind, FileEdit
from bot.gitops.kustomize import FileObject
from bot.gitops.native_lb_edit import edit_one
from bot.gitops.refusals import FileReason, Stop
from bot.manifests.edit import Misfit, Splice, extent, line_end, nesting, setting, splice, within
from bot.manifests.writer import written
from bot.routing.native_lb import ANNOTATION, Choice, Path, choose

MOST_LINES = 20_000
"""Of a file that is edited: where many lines are alike, a difference costs the square of them."""

QUOTED = '"true"'
"""Annotations are strings; a bare true is a boolean."""


def edited(text: str, resource: FileObject, edit: FileEdit) -> str:
    """The file's text after the edit. `resource` is the object's place in it.

    Raises:
        Stop: It cannot be done with certainty, or is done already.
    """
    if text.count("\n") > MOST_LINES:
        raise Stop(FileReason.TOO_LARGE, f"{resource.path} has more than {MOST_LINES} lines")
    try:
        after = _edited(text, resource, edit)
    except Misfit as misfit:
        raise Stop(FileReason.MISPLACED, str(misfit).rstrip(".")) from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise Stop(FileReason.UNREADABLE, resource.path) from None
    if after == text:
        raise Stop(FileReason.ALREADY)
    return after


def _edited(text: str, resource: FileObject, edit: FileEdit) -> str:
    match edit.kind:
        case EditKind.NATIVE_LB:
            chosen = _chosen(choose(resource.manifest, {}), resource.manifest, edit.services)
            return edit_one(text, resource.document, resource.prefix, chosen)
        case EditKind.ANNOTATE:
            return annotated(text, resource.document, resource.prefix)
        case EditKind.REPLACE:
            if resource.prefix:
                raise Misfit("it is an item of a list")
            return replaced(text, resource.document, _as_written(edit, resource))
        case _:
            assert_never(edit.kind)


def _chosen(
    choice: Choice, manifest: Mapping[str, Any], services: tuple[Chosen, ...]
) -> list[Path]:
    """The paths of the chosen services that lack the field."""
    if not services:
        if not choice.add and choice.left:
            raise Stop(FileReason.UNFIT, "; ".join(dict.fromkeys(left.why for left in choice.left)))
        return list(choice.add)
    left = {left.path: left.why for left in choice.left}
    paths: list[Path] = []
    for chosen in services:
        path: Path = ("spec", "routes", chosen.route, "services", chosen.service)
        if _name(manifest, path) != chosen.name:
            raise Stop(FileReason.DIFFERENT, f"route {chosen.route}, service {chosen.service}")
        if path in left:
            raise Stop(FileReason.UNFIT, f"service {chosen.name}: {left[path]}")
        paths.append(path)
    return [path for path in choice.add if path in paths]


def _name(manifest: Mapping[str, Any], path: Path) -> object:
    try:
        return at(manifest, (*path, "name"))
    except (KeyError, IndexError, TypeError):
        return None


def _opened(text: str, number: int) -> tuple[Original, yaml.Node]:
    """A file and the root of one of its documents."""
    original = Original(text)
    if encrypted(original.data[number]):
        raise Stop(FileReason.ENCRYPTED)
    root = original.roots[number]
    if root is None:
        raise Misfit("the document is empty")
    return original, root


def annotated(text: str, number: int, prefix: Path = ()) -> str:
    """The text with the annotation on the object at a place.

    Raises:
        Misfit: It cannot be done with certainty.
        Stop: SOPS encrypted it.
        yaml.YAMLError: It is not YAML.
    """
    original, root = _opened(text, number)
    annotations = at(original.data[number], prefix)["metadata"].get("annotations")
    if annotations and not isinstance(annotations, dict):
        raise Misfit("its annotations are not a mapping")
    if annotations and annotations.get(ANNOTATION) == "true":
        return text
    if annotations:
        node = within(root, (*prefix, "metadata", "annotations"))
        piece = setting(text, node, ANNOTATION, QUOTED)
    else:
        piece = _first(text, within(root, (*prefix, "metadata")))

    def annotate(documents: list[Any]) -> None:
        mine = at(documents[number], prefix)["metadata"]
        mine["annotations"] = {**(mine.get("annotations") or {}), ANNOTATION: "true"}

    if not original.becomes([piece], annotate):
        raise Misfit("the edit would change more than it should, by an anchor say")
    return splice(text, [piece])


def _first(text: str, metadata: yaml.MappingNode) -> Splice:
    """The splice for the first annotation of an object without any."""
    there = [pair for pair in metadata.value if pair[0].value == "annotations"]
    empty = there and isinstance(there[0][1], yaml.MappingNode)
    if empty and len(there) == 1:
        key, node = there[0]
        if node.start_mark.line != key.end_mark.line or node.start_mark.index < key.end_mark.index:
            raise Misfit("its annotations stand elsewhere")
        flow = f"{{{ANNOTATION}: {QUOTED}}}"
        return Splice(node.start_mark.index, node.end_mark.index, flow)
    return nesting(text, metadata, "annotations", (ANNOTATION, QUOTED))


def replaced(text: str, number: int, manifests: tuple[Mapping[str, Any], ...]) -> str:
    """The text with one document replaced by others.

    Raises:
        Misfit: It cannot be done with certainty.
        Stop: SOPS encrypted it.
        yaml.YAMLError: It is not YAML.
    """
    original, root = _opened(text, number)
    start, end = extent(text, root)
    new = written(manifests).rstrip("\n").replace("\n", line_end(text))
    piece = Splice(start, end, new)

    def replace(documents: list[Any]) -> None:
        documents[number : number + 1] = [dict(manifest) for manifest in manifests]

    if not original.becomes([piece], replace):
        raise Misfit("the edit would change more than it should")
    return splice(text, [piece])


def _as_written(edit: FileEdit, resource: FileObject) -> tuple[dict[str, Any], ...]:
    """The manifests without the prefixes and suffixes that kustomize adds to names."""
    first, last = resource.names[0], resource.names[-1]
    if first == last:
        return edit.manifests
    before, mark, after = last.partition(first)
    if not mark:
        raise Misfit("its name in the file is not part of its name in the cluster")
    manifests = []
    for manifest in edit.manifests:
        name = manifest["metadata"]["name"]
        if not (name.startswith(before) and name.endswith(after)):
            raise Misfit("a name prefix or suffix stands against the new name")
        bare = name[len(before) : len(name) - len(after)]
        manifests.append({**manifest, "metadata": {**manifest["metadata"], "name": bare}})
    return tuple(manifests)
