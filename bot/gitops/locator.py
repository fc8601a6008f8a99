"""From a live object to the file in the repository that it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.finding import Target
from bot.gitops.documents import encrypted, parsed
from bot.gitops.domain.file_edit import EditKind, FileEdit
from bot.gitops.kustomize import Build, FileObject, added, kustomizations, listed
from bot.gitops.refusals import FileReason, Stop
from bot.gitops.source import mapping
from bot.gitops.tree import Tree, joined

ORIGIN = "config.kubernetes.io/origin"
VARIABLE = "${"


@dataclass(frozen=True, slots=True)
class Located:
    """The file of an object.

    `also` are other kustomizations of the repository that use the same file, so that their objects
    change too.
    """

    resource: FileObject
    text: str
    also: tuple[str, ...] = ()


def locate(
    tree: Tree, kustomization: Mapping[str, Any], live: Mapping[str, Any], edit: FileEdit
) -> Located:
    """Find the file of an edit's object.

    `kustomization` is the live Kustomization that owns it; `live` is the object itself.

    Raises:
        Stop: There is none, or it is uncertain.
    """
    spec = mapping(kustomization.get("spec"))
    origin = _origin(live)
    folder = tree.way("", str(spec.get("path") or ""))
    build = Build(tree, edit.object)
    candidates = build.root(folder, added(spec))
    resource = _one(candidates, edit.object, folder, origin, build)
    path = resource.path
    if resource.against:
        raise Stop(*resource.against[0])
    if sum(candidate.place == resource.place for candidate in candidates) > 1:
        raise Stop(FileReason.SHARED, path)
    text = tree.text(path)
    if encrypted(parsed(text, path)[resource.document]):
        raise Stop(FileReason.ENCRYPTED, path)
    if spec.get("postBuild") and _has_variables(resource, edit):
        raise Stop(FileReason.SUBSTITUTED, path)
    return Located(resource, text, tuple(_also(build, path)))


def _origin(live: Mapping[str, Any]) -> str:
    """The file that the object's annotation names, relative to the Kustomization's folder."""
    annotations = mapping(mapping(live.get("metadata")).get("annotations"))
    try:
        documents = parsed(str(annotations.get(ORIGIN) or ""), ORIGIN)
    except Stop:
        return ""
    origin = mapping(documents[0]) if documents else {}
    if origin.get("configuredIn") or origin.get("configuredBy"):
        raise Stop(FileReason.GENERATED, str(origin.get("configuredIn") or ""))
    if origin.get("repo"):
        raise Stop(FileReason.REMOTE_BASE, str(origin["repo"]))
    return str(origin.get("path") or "")


def _one(
    candidates: list[FileObject], target: Target, folder: str, origin: str, build: Build
) -> FileObject:
    fitting = [candidate for candidate in candidates if _is(candidate, target)]
    if origin and fitting and not any(_from(one, folder, origin, build.tree) for one in fitting):
        raise Stop(FileReason.DIFFERENT, f"the object names {origin}, found was {fitting[0].path}")
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        paths = sorted({resource.path for resource in fitting})
        raise Stop(FileReason.AMBIGUOUS, ", ".join(paths[:5]))
    for candidate in candidates:
        if VARIABLE in candidate.names[-1] or VARIABLE in candidate.namespace:
            raise Stop(FileReason.SUBSTITUTED, candidate.path)
    nowhere = (FileReason.NOT_FOUND, f"below {folder or 'the root'}")
    # What could not be read is a better reason than a missing file.
    raise Stop(*min((*build.unseen, nowhere), key=lambda why: why[0] is FileReason.NOT_FOUND))


def _is(resource: FileObject, target: Target) -> bool:
    """Whether it is the target; without a namespace it is in `default`."""
    return (resource.names[-1], resource.namespace or "default") == (target.name, target.namespace)


def _from(resource: FileObject, folder: str, origin: str, tree: Tree) -> bool:
    try:
        return resource.path == tree.way(folder, origin)
    except Stop:
        return False


def _has_variables(resource: FileObject, edit: FileEdit) -> bool:
    """Whether a replacement would write the values of Flux's variables, or look like one."""
    return edit.kind is EditKind.REPLACE and (
        VARIABLE in str(resource.manifest) or "$" in str(edit.manifests)
    )


def _also(build: Build, path: str) -> Iterator[str]:
    """Other kustomizations of the repository that use the file."""
    folders = build.tree.folders
    for folder in sorted(folders.keys() - build.folders):
        for name in kustomizations(build.tree, folder):
            if _uses(build, folder, name, path):
                yield joined(folder, name)


def _uses(build: Build, folder: str, name: str, path: str) -> bool:
    """Whether a kustomization names the file, or a folder above it.

    Raises:
        Stop: There are too many to know.
    """
    tree = build.tree
    try:
        (own,) = build.texts.glance(tree.way(folder, name))
        entries = (*listed(own, "resources"), *listed(own, "bases"), *listed(own, "components"))
        ways = [tree.way(folder, entry) for entry in entries if "://" not in entry]
    except Stop:
        if build.texts.full:
            raise
        return False
    except (ValueError, AttributeError, TypeError, KeyError):
        return False
    return any(path == way or path.startswith(f"{way}/") for way in ways)
