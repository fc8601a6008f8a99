"""Which place of which file becomes an object: kustomize's tree, read without running it.

Source: kustomize's reference of kustomization.yaml, and what Flux's kustomize-controller makes of
a folder without one (every YAML file in it, and each folder below that has one).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from bot.domain.finding import Target
from bot.gitops.documents import Texts, objects
from bot.gitops.kustomize_patches import HISTORY, Against, touches, weight
from bot.gitops.refusals import FileReason, Stop
from bot.gitops.source import mapping
from bot.gitops.tree import Tree, joined
from bot.routing.native_lb import Path

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
YAML = (".yaml", ".yml")
DEEPEST = 30
MOST_VISITED = 5000
"""Files, folders and components of one build, each as often as it is named."""
MOST_STEPS = 300_000
"""How much is looked at, however few files it stands in: each kustomization, name of an object and
patch as often as it is named. A tree that doubles with every layer ends here.
"""

_Id = tuple[str, str, str]
"""Namespace, name and apiVersion of an object, by which kustomize tells those of a kind apart."""

KNOWN = frozenset({
    "apiVersion", "kind", "metadata", "resources", "bases", "components", "crds",
    "namespace", "namePrefix", "nameSuffix", "labels", "commonLabels", "commonAnnotations",
    "images", "replicas", "configMapGenerator", "secretGenerator", "generatorOptions",
    "patches", "patchesStrategicMerge", "patchesJson6902", "replacements", "vars",
    "transformers", "generators", "validators", "configurations", "openapi",
    "helmCharts", "helmChartInflationGenerator", "helmGlobals", "buildMetadata", "sortOptions",
})  # fmt: skip
"""The fields of a kustomization that this module understands."""

GENERATING = ("generators", "helmCharts", "helmChartInflationGenerator")

REMOTE = ("://", "git@", "github.com/", "gitlab.com/", "bitbucket.org/", "?ref=")
"""What marks a resource that kustomize fetches from elsewhere."""


@dataclass(frozen=True, slots=True)
class FileObject:
    """An object in a file: which document, where in it, and what it is called after each layer.

    `names` are those that it had, the present one last; `against` says why no edit of the file
    would be sure to be one of the object.
    """

    path: str
    document: int
    prefix: Path
    manifest: Mapping[str, Any]
    names: HISTORY
    namespace: str
    against: tuple[Against, ...] = ()

    @property
    def place(self) -> tuple[str, int, Path]:
        """File, document and path in the document."""
        return self.path, self.document, self.prefix

    def blocked(self, *against: Against) -> FileObject:
        """With more reasons against an edit of the file."""
        return replace(self, against=(*self.against, *against))


@dataclass
class Build:
    """One reading of a tree, for objects of one kind.

    `unseen` are reasons why an object that was not found may be there all the same, `folders`
    those that were read.
    """

    tree: Tree
    target: Target
    unseen: list[Against] = field(default_factory=list)
    folders: set[str] = field(default_factory=set)
    _steps: int = 0
    _visited: int = 0

    def __post_init__(self) -> None:
        self.texts = Texts(self.tree)

    def root(self, folder: str, extra: Mapping[str, Any]) -> list[FileObject]:
        """Every object of the kind in the build of a folder; `extra` is what Flux adds to it.

        Raises:
            Stop: It is no folder, or a kustomization is not understood.
        """
        if folder and folder not in self.tree.folders:
            raise Stop(FileReason.NO_FOLDER, folder)
        own = self._kustomization(folder)
        if own is None:
            own = {"resources": list(self._every(folder, ""))}
        return self._accumulated(merged(own, extra), folder, [], ())

    def _every(self, folder: str, below: str) -> Iterator[str]:
        """The resources that Flux uses in a folder without a kustomization."""
        here = joined(folder, below)
        for name in sorted(self.tree.folders.get(here, ())):
            path, relative = joined(here, name), joined(below, name)
            if path in self.tree.folders:
                if kustomizations(self.tree, path):
                    yield relative
                else:
                    yield from self._every(folder, relative)
            elif name.endswith(YAML):
                yield relative

    def _kustomization(self, folder: str) -> Mapping[str, Any] | None:
        here = kustomizations(self.tree, folder)
        if len(here) > 1:
            raise Stop(FileReason.UNREADABLE, f"{folder or 'the root'} has two kustomizations")
        self.folders.add(folder)
        if not here:
            return None
        path = self.tree.way(folder, here[0])
        documents = [document for document in self.texts.file(path) if document is not None]
        if len(documents) != 1 or not isinstance(documents[0], Mapping):
            raise Stop(FileReason.UNREADABLE, f"{path} is not a kustomization")
        if unknown := documents[0].keys() - KNOWN:
            raise Stop(FileReason.UNKNOWN_FIELD, f"{path}: {min(map(str, unknown))}")
        return documents[0]

    def _accumulated(
        self,
        own: Mapping[str, Any],
        folder: str,
        resources: list[FileObject],
        above: tuple[str, ...],
    ) -> list[FileObject]:
        """The resources so far and those of a kustomization, as it transforms them.

        `above` are the folders of the kustomizations that lead to it.
        """
        # kustomize refuses a folder that holds one of those that led to it.
        if any(_holds(folder, visited) for visited in above):
            raise Stop(FileReason.UNREADABLE, f"{above[-1]} leads back to {folder or 'the root'}")
        if len(above) > DEEPEST:
            raise Stop(FileReason.TOO_LARGE, f"more than {DEEPEST} kustomizations in each other")
        above = (*above, folder)
        resources, names = list(resources), _names(resources)
        for entry in self._resources(own, folder):
            for resource in self._resource(folder, entry, above):
                _check_alone(resource, names)
                resources.append(resource)
        for entry in listed(own, "components"):
            resources = self._component(folder, entry, resources, above)
        if any(own.get(field_) for field_ in GENERATING):
            self.unseen.append((FileReason.GENERATED, folder or "the root"))
        self._count(weight(own) * (1 + sum(len(resource.names) for resource in resources)))
        return [self._transformed(own, folder, resource) for resource in resources]

    def _resources(self, own: Mapping[str, Any], folder: str) -> tuple[str, ...]:
        """The resources of a kustomization. kustomize also refuses a folder that is named twice."""
        entries = (*listed(own, "resources"), *listed(own, "bases"))
        self._visit(len(entries))
        folders = [path for entry in entries if (path := self._folder(folder, entry)) is not None]
        if twice := next((path for path, times in Counter(folders).items() if times > 1), None):
            raise Stop(FileReason.UNREADABLE, f"{folder or 'the root'} names {twice} twice")
        return entries

    def _folder(self, folder: str, entry: str) -> str | None:
        try:
            path = self.tree.way(folder, entry)
        except Stop:
            return None
        return path if path in self.tree.folders else None

    def _visit(self, entries: int) -> None:
        self._visited += entries
        if self._visited > MOST_VISITED:
            raise Stop(
                FileReason.TOO_LARGE, f"more than {MOST_VISITED:,} files and folders are named"
            )

    def _count(self, steps: int) -> None:
        self._steps += steps
        if self._steps > MOST_STEPS:
            raise Stop(
                FileReason.TOO_LARGE, f"more than {MOST_STEPS:,} resources and patches of them"
            )

    def _resource(self, folder: str, entry: str, above: tuple[str, ...]) -> list[FileObject]:
        if any(mark in entry for mark in REMOTE):
            self.unseen.append((FileReason.REMOTE_BASE, entry))
            return []
        try:
            path = self.tree.way(folder, entry)
        except Stop as stop:
            self.unseen.append((stop.reason, stop.detail))
            return []
        if path in self.tree.files:
            return list(self._in_file(path))
        own = self._kustomization(path) if path in self.tree.folders else None
        if own is None:
            self.unseen.append(
                (FileReason.NOT_FOUND, f"{path}, a resource of {folder or 'the root'}")
            )
            return []
        return self._accumulated(own, path, [], above)

    def _component(
        self, folder: str, entry: str, resources: list[FileObject], above: tuple[str, ...]
    ) -> list[FileObject]:
        """The resources as a component transforms them, with its own."""
        self._visit(1)
        self._count(1 + len(resources))
        if any(mark in entry for mark in REMOTE):
            return [resource.blocked((FileReason.REMOTE_BASE, entry)) for resource in resources]
        path = self.tree.way(folder, entry)
        own = self._kustomization(path) if path in self.tree.folders else None
        if own is None:
            raise Stop(FileReason.NO_FOLDER, f"{path}, a component of {folder or 'the root'}")
        return self._accumulated(own, path, resources, above)

    def _in_file(self, path: str) -> Iterator[FileObject]:
        try:
            documents = self.texts.file(path)
        except Stop as stop:
            # It does not matter if the object is in another file.
            self.unseen.append((stop.reason, stop.detail))
            return
        for number, document in enumerate(documents):
            for prefix, manifest in objects(document):
                self._count(1)
                if _of_kind(manifest, self.target):
                    metadata = mapping(manifest.get("metadata"))
                    name, place = str(metadata.get("name")), str(metadata.get("namespace") or "")
                    yield FileObject(path, number, prefix, manifest, (name,), place)

    def _transformed(self, own: Mapping[str, Any], folder: str, resource: FileObject) -> FileObject:
        names, namespace = resource.names, str(own.get("namespace") or resource.namespace)
        name = f"{own.get('namePrefix') or ''}{names[-1]}{own.get('nameSuffix') or ''}"
        against = touches(own, names, resource.manifest, partial(self._patch, folder))
        renamed = names if name == names[-1] else (*names, name)
        return replace(resource, names=renamed, namespace=namespace).blocked(*against)

    def _patch(self, folder: str, patch: str) -> list[Any]:
        """The documents of a patch: inline YAML, or the name of a file."""
        documents = self.texts.patch(folder, patch)
        self._count(len(documents))
        return documents


def kustomizations(tree: Tree, folder: str) -> list[str]:
    """The kustomizations in a folder, by their names. Folders with such a name do not count."""
    here = tree.folders.get(folder, ())
    return [name for name in NAMES if name in here and joined(folder, name) not in tree.folders]


def _holds(folder: str, other: str) -> bool:
    """Whether a folder is the other, or above it."""
    return not folder or other == folder or other.startswith(f"{folder}/")


def _names(resources: list[FileObject]) -> dict[_Id, FileObject]:
    return {_id(resource): resource for resource in resources if not resource.against}


def _check_alone(resource: FileObject, names: dict[_Id, FileObject]) -> None:
    """Note a resource by its name, as kustomize does, which refuses two of one name.

    So it refuses a folder that two roads lead to, unless a layer between gives other names. What
    may be renamed or deleted is let through; it is not edited anyway.

    Raises:
        Stop: There is an object of the same name and namespace.
    """
    if resource.against:
        return
    key = _id(resource)
    if twin := names.get(key):
        where = " and ".join(dict.fromkeys((twin.path, resource.path)))
        raise Stop(FileReason.TWICE, f"{key[0]}/{key[1]}, from {where}")
    names[key] = resource


def _id(resource: FileObject) -> _Id:
    version = str(resource.manifest.get("apiVersion"))
    return resource.namespace or "default", resource.names[-1], version


def listed(own: Mapping[str, Any], key: str) -> list[str]:
    """The strings under a key.

    Raises:
        Stop: It has another type.
    """
    value = own.get(key) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Stop(FileReason.UNREADABLE, f"{key} of a kustomization is not a list of paths")
    return value


FLUX = {
    "targetNamespace": "namespace",
    "namePrefix": "namePrefix",
    "nameSuffix": "nameSuffix",
}
FLUX_LISTS = ("components", "patches", "patchesStrategicMerge", "patchesJson6902")


def added(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that Flux adds to the kustomization at spec.path."""
    extra = {to: spec[field] for field, to in FLUX.items() if spec.get(field)}
    extra |= {key: spec[key] for key in FLUX_LISTS if spec.get(key)}
    if annotations := mapping(spec.get("commonMetadata")).get("annotations"):
        extra["commonAnnotations"] = annotations
    return extra


def merged(own: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """A kustomization with the fields that Flux adds: lists are appended, others replaced."""
    both = {**own, **extra}
    for key in FLUX_LISTS:
        if own.get(key) and extra.get(key):
            both[key] = [*own[key], *extra[key]]
    if isinstance(extra.get("commonAnnotations"), Mapping):
        both["commonAnnotations"] = {
            **mapping(own.get("commonAnnotations")),
            **extra["commonAnnotations"],
        }
    return both


def _of_kind(manifest: object, target: Target) -> bool:
    if not isinstance(manifest, Mapping) or manifest.get("kind") != target.kind:
        return False
    group, _, _version = str(manifest.get("apiVersion", "")).rpartition("/")
    return group == target.group
