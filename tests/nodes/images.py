"""Makes images without a registry: small ones of one layer, and the project's by its Dockerfile.

They are archives as `docker save` writes them, which containerd imports.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.image import engine
from tests.image.engine import MESHMEDIC
from tests.nodes.commands import run
from tests.nodes.configuration import PAUSE
from tests.nodes.place import IMAGES
from tests.places import ROOT
from tests.programs import catalogue
from tests.programs.program import ensure_built

BUSYBOX = "localhost/busybox:1"
COREDNS = "localhost/coredns:1"
TOOLS = "localhost/tools:1"
"""For `/net tool`, in the place of netshoot."""

TRAEFIK = f"docker.io/library/traefik:v{catalogue.TRAEFIK_VERSION}"
Content = Path | bytes | str
"""A file's content; a text is a link's target."""


def small_images() -> tuple[Path, ...]:
    """The archives that every cluster needs, made where they are missing."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    traefik = ensure_built(catalogue.TRAEFIK)
    coredns = ensure_built(catalogue.COREDNS)
    makers: Mapping[str, tuple[str, Any, Mapping[str, object]]] = {
        "pause": (PAUSE, _busybox, {"Entrypoint": ["/bin/sleep", "1000000000"]}),
        "busybox": (BUSYBOX, _busybox, {"Cmd": ["/bin/sh"]}),
        "tools": (TOOLS, lambda: {**_busybox(), **_program("curl")}, {"Cmd": ["/bin/sh"]}),
        "coredns": (COREDNS, lambda: {"coredns": coredns}, {"Entrypoint": ["/coredns"]}),
        "traefik-with-wget": (
            TRAEFIK,
            lambda: {
                **_busybox(),
                **_program("wget"),
                "usr/local/bin/traefik": traefik,
                "etc/ssl/certs/ca-certificates.crt": engine.CERTIFICATES,
            },
            {"Entrypoint": ["/usr/local/bin/traefik"]},
        ),
    }
    made = []
    for name, (tag, files, config) in makers.items():
        to = IMAGES / f"{name}.tar"
        if not to.exists():
            _pack(to, tag, files(), config)
        made.append(to)
    return tuple(made)


def project_image(checkout: Path = ROOT, tag: str = MESHMEDIC) -> Path:
    """The project's image, built by buildah from deploy/Dockerfile, in an archive."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    engine.build(checkout, tag)
    to = IMAGES / f"meshmedic-{hashlib.sha256(tag.encode()).hexdigest()[:8]}.tar"
    to.unlink(missing_ok=True)
    run(*engine.buildah("push", tag, f"docker-archive:{to}:{tag}"), timeout=600)
    return to


def _program(name: str) -> dict[str, Content]:
    """This machine's program with its libraries: in the path it goes before busybox's."""
    program = Path("/usr/bin") / name
    return {f"usr/bin/{name}": program, **_libraries(program)}


def _libraries(program: Path) -> dict[str, Content]:
    paths = re.findall(r"/\S+", run("ldd", program))
    return {path.lstrip("/"): Path(path) for path in paths if Path(path) != program}


def _busybox() -> dict[str, Content]:
    """Debian's dynamic busybox with its libraries: the static one's wget crashes at resolving.

    The dynamic one's crashes with a timeout (`-T`), so where it is needed there is GNU's.
    """
    with tempfile.TemporaryDirectory() as folder:
        run("sh", "-c", f"cd {folder} && apt-get download --quiet busybox")
        (package,) = Path(folder).glob("*.deb")
        run("dpkg", "--extract", package, folder)
        program = next(path for path in Path(folder).rglob("busybox") if path.parent.name == "bin")
        names = run(program, "--list").split()
        libraries = _libraries(program)
        content = program.read_bytes()
    return {
        "bin/busybox": content,
        **{f"bin/{name}": "busybox" for name in names if name != "busybox"},
        **libraries,
        "etc/passwd": b"root:x:0:0::/:/bin/sh\n",
    }


FOLDERS = ("tmp", "etc", "bin", "dev", "proc", "sys", "run", "var")


def _pack(to: Path, tag: str, files: Mapping[str, Content], config: Mapping[str, object]) -> None:
    """Write an image of one layer."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        for name in FOLDERS:
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            tar.addfile(folder)
        for path, content in files.items():
            _add(tar, path, content)
    digest = hashlib.sha256(layer.getvalue()).hexdigest()
    image = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], **config},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    index = [{"Config": "config.json", "RepoTags": [tag], "Layers": ["layer.tar"]}]
    made = to.with_suffix(".part")
    with tarfile.open(made, "w") as tar:
        _add(tar, "config.json", json.dumps(image).encode())
        _add(tar, "layer.tar", layer.getvalue())
        _add(tar, "manifest.json", json.dumps(index).encode())
    made.replace(to)


def _add(tar: tarfile.TarFile, path: str, content: Content) -> None:
    entry = tarfile.TarInfo(path)
    entry.mode = 0o755
    if isinstance(content, str):
        entry.type, entry.linkname = tarfile.SYMTYPE, content
        tar.addfile(entry)
        return
    data = content if isinstance(content, bytes) else content.read_bytes()
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))
