"""The controllers as processes against one API server, ended with the block that starts them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.cluster.control_plane import ControlPlane, free_port
from tests.controllers import definitions
from tests.programs import catalogue
from tests.programs.program import ensure_built

FLUX = ("--health-addr=127.0.0.1:0", "--metrics-addr=127.0.0.1:0", "--events-addr=")
SOON = "--requeue-dependency=3s"
"""How soon Flux looks again at what waits for another object; as shipped it is 30 s."""

ENDING = 5.0
ANSWERING = 20.0


@contextmanager
def process(
    folder: Path, name: str, command: Sequence[str], env: Mapping[str, str] = MappingProxyType({})
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that logs into the folder."""
    with (folder / f"{name}.log").open("ab") as log:
        started = subprocess.Popen(  # noqa: S603  # ours
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env=os.environ | dict(env),
        )
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(ENDING)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


@contextmanager
def flux(kubeconfig: Path, folder: Path) -> Iterator[None]:
    """source-controller and kustomize-controller."""
    artifacts, scratch = folder / "artifacts", folder / "scratch"
    for place in (artifacts, scratch):
        place.mkdir()
    served = f"127.0.0.1:{free_port()}"
    env = {
        "KUBECONFIG": str(kubeconfig),
        "RUNTIME_NAMESPACE": "flux-system",
        "HOME": str(folder),  # decryption looks there for keys, and says so
        "TMPDIR": str(scratch),
    }
    storage = (f"--storage-addr={served}", f"--storage-adv-addr={served}")
    sources = (*FLUX, SOON, f"--storage-path={artifacts}", *storage)
    source, kustomize = catalogue.SOURCE_CONTROLLER, catalogue.KUSTOMIZE_CONTROLLER
    with (
        process(folder, source.name, (str(ensure_built(source)), *sources), env),
        process(
            folder,
            kustomize.name,
            (str(ensure_built(kustomize)), *FLUX, SOON, "--http-retry=1"),
            env,
        ),
    ):
        yield


@contextmanager
def cert_manager(plane: ControlPlane, folder: Path, resolver: str) -> Iterator[None]:
    """cert-manager's controllers without its webhook, so durations under an hour are accepted."""
    program = str(ensure_built(catalogue.CERT_MANAGER))
    command = (program, f"--kubeconfig={plane.kubeconfig}", f"--resolver={resolver}")
    with process(folder, catalogue.CERT_MANAGER.name, command):
        yield


@dataclass(frozen=True)
class Acme:
    """Where the ACME server answers, and the PEM of who signed its certificate."""

    directory: str
    authority: bytes


@contextmanager
def pebble(folder: Path, resolver: str, http: int) -> Iterator[Acme]:
    """Let's Encrypt's own small ACME server, which looks at names by this resolver."""
    # Its own certificates lie beside its sources.
    own = (
        definitions.module(catalogue.PEBBLE, "github.com/letsencrypt/pebble/v2") / "test" / "certs"
    )
    at, manages = free_port(), free_port()
    config = folder / "pebble.json"
    config.write_text(_pebble_config(own, at, manages, http))
    quick = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}
    program = str(ensure_built(catalogue.PEBBLE))
    command = (program, "-config", str(config), "-dnsserver", resolver)
    with process(folder, "pebble", command, quick) as running:
        end = time.monotonic() + ANSWERING
        while not _listens(at):
            assert running.poll() is None, (folder / "pebble.log").read_text()
            assert time.monotonic() < end, "pebble does not answer"
            time.sleep(0.1)
        yield Acme(f"https://127.0.0.1:{at}/dir", (own / "pebble.minica.pem").read_bytes())


def _pebble_config(own: Path, at: int, manages: int, http: int) -> str:
    config: Mapping[str, Any] = {
        "listenAddress": f"127.0.0.1:{at}",
        "managementListenAddress": f"127.0.0.1:{manages}",
        "certificate": str(own / "localhost" / "cert.pem"),
        "privateKey": str(own / "localhost" / "key.pem"),
        "httpPort": http,
        "tlsPort": free_port(),
        "ocspResponderURL": "",
        "externalAccountBindingRequired": False,
        "profiles": {"default": {"description": "ninety days", "validityPeriod": 7776000}},
    }
    return json.dumps({"pebble": config})


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0
