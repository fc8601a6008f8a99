"""An image in an archive as `docker save` writes it, read as a registry serves it."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.nodes.node import Node
from tests.nodes.place import IMAGES

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"

CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Blob:
    """A part of the archive, by its digest."""

    digest: str
    begin: int
    size: int


@dataclass(frozen=True)
class Archive:
    """An archive with one image."""

    path: Path

    @cached_property
    def tag(self) -> str:
        """The image's name."""
        with tarfile.open(self.path) as tar:
            return str(_index(tar)["RepoTags"][0])

    @cached_property
    def blobs(self) -> tuple[Blob, ...]:
        """The image's configuration, then its layers."""
        with tarfile.open(self.path) as tar:
            index = _index(tar)
            members = [tar.getmember(name) for name in (index["Config"], *index["Layers"])]
        return tuple(self._blob(_resolved(member, members)) for member in members)

    @cached_property
    def manifest(self) -> bytes:
        """Source: OCI image specification, "Image Manifest"."""
        config, *layers = self.blobs
        described = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": _described(CONFIG, config),
            "layers": [_described(LAYER, layer) for layer in layers],
        }
        return json.dumps(described).encode()

    def _blob(self, member: tarfile.TarInfo) -> Blob:
        digest = hashlib.sha256()
        with self.path.open("rb") as opened:
            opened.seek(member.offset_data)
            left = member.size
            while left:
                part = opened.read(min(CHUNK, left))
                digest.update(part)
                left -= len(part)
        return Blob(digest_of(digest), member.offset_data, member.size)


def restore(node: Node) -> None:
    """Import every image that a node has lost: no registry has them."""
    present = node.images().split()
    for path in sorted(IMAGES.glob("*.tar")):
        if _is_image(path) and Archive(path).tag not in present:
            node.load(path)


def digest_of(hashed: hashlib._Hash) -> str:
    """A digest as OCI writes it."""
    return f"sha256:{hashed.hexdigest()}"


def _is_image(path: Path) -> bool:
    with tarfile.open(path) as tar:
        return any(member.name == "manifest.json" for member in tar)


def _index(tar: tarfile.TarFile) -> dict[str, object]:
    opened = tar.extractfile("manifest.json")
    assert opened is not None
    (index,) = json.load(opened)
    return dict(index)


def _resolved(member: tarfile.TarInfo, members: list[tarfile.TarInfo]) -> tarfile.TarInfo:
    """The member with the content: equal layers are written once, and linked."""
    if not (member.issym() or member.islnk()):
        return member
    name = Path(member.linkname).name
    return next(each for each in members if Path(each.name).name == name and each.size)


def _described(kind: str, blob: Blob) -> Mapping[str, object]:
    return {"mediaType": kind, "digest": blob.digest, "size": blob.size}
