"""A registry on loopback, and that `make pins` reads the right digest from it."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.image import engine
from tests.image.proofs import Proof
from tests.nodes.commands import run
from tests.pins.pin import Kind, Pin
from tests.pins.registries import NotSeen, seen
from tests.programs import catalogue
from tests.programs.program import ensure_built
from tests.wire.scraping import free_port

PATIENCE = 20.0
"""Seconds until the registry has to answer."""


def proofs() -> Iterator[Proof]:
    """What is said of the image's own digest, and of an image that is not there."""
    with _serving() as registry, tempfile.TemporaryDirectory() as folder:
        pushed, file = f"{registry}/meshmedic:0.1.0", Path(folder) / "digest"
        push = engine.buildah("push", "--quiet", "--tls-verify=false", f"--digestfile={file}")
        run(*push, engine.MESHMEDIC, f"docker://{pushed}", timeout=300)
        digest = seen(Pin(Kind.IMAGE, pushed), "--insecure").digest
        yield f"make pins reads the digest {digest}", digest == file.read_text().strip()
        try:
            seen(Pin(Kind.IMAGE, f"{registry}/meshmedic:9"), "--insecure")
        except NotSeen as error:
            yield "and of a tag that is not there none", "meshmedic:9" in str(error)
        else:
            yield "and of a tag that is not there none", False


@contextmanager
def _serving() -> Iterator[str]:
    crane, address = ensure_built(catalogue.CRANE), f"127.0.0.1:{free_port()}"
    command = (str(crane), "registry", "serve", "--address", address)
    with (
        tempfile.TemporaryDirectory() as blobs,
        subprocess.Popen(  # noqa: S603  # ours
            (*command, "--disk", blobs), stderr=subprocess.DEVNULL
        ) as server,
    ):
        try:
            _wait(f"{crane}", address)
            yield address
        finally:
            server.terminate()


def _wait(crane: str, address: str) -> None:
    end = time.monotonic() + PATIENCE
    catalog = (crane, "catalog", "--insecure", address)
    while subprocess.run(catalog, capture_output=True, check=False).returncode:  # noqa: S603  # ours
        if time.monotonic() > end:
            raise TimeoutError(f"the registry at {address} does not answer")
        time.sleep(0.1)
