"""The real Traefik as a process, reading Ingresses and IngressRoutes from a real API server."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.control_plane import free_port
from tests.clusters.real import RealCluster
from tests.programs import catalogue
from tests.programs.program import ensure_built

PATIENCE = 20.0
"""Seconds within which Traefik has taken up what was applied."""

READS = [
    {"apiGroups": [""], "resources": ["services", "secrets", "nodes", "configmaps"]},
    {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"]},
    {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "ingressclasses"]},
    {"apiGroups": ["traefik.io"], "resources": ["*"]},
    {"apiGroups": ["gateway.networking.k8s.io"], "resources": ["*"]},
    {"apiGroups": [""], "resources": ["namespaces"]},
]
"""What Traefik's documentation asks for, without the status of Ingresses, which it need not write.

Source: doc.traefik.io, "Traefik & Kubernetes", RBAC.
"""


@dataclass(frozen=True)
class Traefik:
    """`web` is the entrypoint's address, `api` that of its own API, `secure` that of TLS."""

    web: str
    api: str
    log_file: Path
    secure: int = 0

    def services(self) -> dict[str, list[str]]:
        """The addresses of the servers that Traefik would use, by service."""
        return {
            each["name"]: sorted(
                server["url"] for server in each.get("loadBalancer", {}).get("servers") or ()
            )
            for each in self._read("/api/http/services?per_page=1000")
        }

    def routers(self) -> dict[str, dict[str, Any]]:
        """Traefik's routers by name, with their status and errors."""
        return {each["name"]: each for each in self._read("/api/http/routers?per_page=1000")}

    def tcp_routers(self) -> dict[str, dict[str, Any]]:
        """The routers of TCP by name."""
        return {each["name"]: each for each in self._read("/api/tcp/routers?per_page=1000")}

    def raw(self) -> Any:
        """All that Traefik runs, without pages: routers and services by name."""
        return self._read("/api/rawdata")

    def version(self) -> str:
        """As it says itself."""
        return str(self._read("/api/version")["Version"])

    def get(self, host: str) -> tuple[int, str]:
        """A request through the entrypoint: the status and the body."""
        asked = urllib.request.Request(f"{self.web}/", headers={"Host": host})  # noqa: S310
        try:
            with urllib.request.urlopen(asked, timeout=5) as response:  # noqa: S310
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def log(self) -> list[dict[str, Any]]:
        """Every line of its log, which is JSON."""
        lines = self.log_file.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until Traefik has taken up what was applied."""
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, f"in vain: {what}; {self.services()}"
            time.sleep(0.05)

    def _read(self, path: str) -> Any:
        with urllib.request.urlopen(self.api + path, timeout=5) as response:  # noqa: S310
            return json.load(response)


def servers(traefik: Traefik, part: str) -> list[str]:
    """The servers of the one service with this in its name; empty where there is none."""
    found = [urls for name, urls in traefik.services().items() if part in name]
    return found[0] if found else []


@dataclass(frozen=True)
class At:
    """Where Traefik listens: in this network namespace, reached by this address."""

    netns: str = ""
    address: str = "127.0.0.1"
    web: int = 0
    api: int = 0
    secure: int = 0

    @classmethod
    def loopback(cls) -> At:
        """On free ports of this machine."""
        return cls("", "127.0.0.1", free_port(), free_port(), free_port())


@contextmanager
def running(
    real: RealCluster,
    folder: Path,
    *more: str,
    at: At | None = None,
    kinds: tuple[str, ...] = ("kubernetesingress", "kubernetescrd"),
) -> Iterator[Traefik]:
    """Traefik with its own service account on this API server; `more` are further arguments.

    `kinds` are its providers.

    The API server is asked for on loopback: in a network namespace something must lead there.
    """
    at = at or At.loopback()
    rules = [{**each, "verbs": ["get", "list", "watch"]} for each in READS]
    rbac = "rbac.authorization.k8s.io"
    real.apply(
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "traefik", "namespace": "kube-system"},
        },
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "traefik"},
            "rules": rules,
        },
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "traefik"},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "traefik"},
            "subjects": [{"kind": "ServiceAccount", "name": "traefik", "namespace": "kube-system"}],
        },
    )
    token = real.kubectl("create", "token", "traefik", "-n", "kube-system").strip()
    assert real.plane is not None
    providers = (
        f"--providers.{name}.{option}"
        for name in kinds
        for option in (
            f"endpoint={real.plane.url}",
            f"token={token}",
            f"certauthfilepath={real.plane.folder / 'ca.pem'}",
        )
    )
    command = (
        *(("ip", "netns", "exec", at.netns) if at.netns else ()),
        str(ensure_built(catalogue.TRAEFIK)),
        f"--entrypoints.web.address={at.address}:{at.web}",
        f"--entrypoints.traefik.address={at.address}:{at.api}",
        f"--entrypoints.websecure.address={at.address}:{at.secure}",
        "--entrypoints.websecure.http.tls=true",
        "--api.insecure",
        "--log.level=DEBUG",
        "--log.format=json",
        "--global.checknewversion=false",
        "--global.sendanonymoususage=false",
        *providers,
        *more,
    )
    log_file = folder / "traefik.log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)  # noqa: S603
    base = f"http://{at.address}"
    traefik = Traefik(f"{base}:{at.web}", f"{base}:{at.api}", log_file, at.secure)
    try:
        traefik_answers(traefik, process)
        yield traefik
    finally:
        process.kill()
        process.wait()


def traefik_answers(traefik: Traefik, process: subprocess.Popen[bytes]) -> None:
    """Wait until its API answers."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            traefik.version()
        except OSError:
            said = traefik.log_file.read_text()[-2000:]
            assert process.poll() is None, said
            assert time.monotonic() < end, said
            time.sleep(0.05)
        else:
            return


def objects(text: str) -> list[dict[str, Any]]:
    """Manifests of a test, written as YAML."""
    return [each for each in yaml.safe_load_all(text) if each]
